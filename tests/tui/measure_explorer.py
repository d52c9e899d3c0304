"""Measures the explorer: how soon the image answers a key, on a terminal of its own.

    python -m tests.tui.measure_explorer RUN_PATH [COLUMNSxROWS]

The time of a frame goes from the byte of an arrow key, which moves a slider by 0.25, by way of the
process that has the generator, to the last byte that changes a cell of the image.
"""

from __future__ import annotations

import codecs
import os
import select
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cli.pty_session import PtySession
from tests.tui.emulator import Emulator

FRAMES = 200
TURN = 20
"""Steps to one side before the slider goes back."""
TIMEOUT = 5.0
QUIET = 0.06
"""Seconds without a byte after which a frame is whole."""
LEFT, RIGHT = "\x1b[D", "\x1b[C"


class Terminal:
    """The app on a terminal, and the image that it shows."""

    def __init__(self, run: Path, columns: int, rows: int) -> None:
        self.session = PtySession(
            ["app", run.name, "--runs-dir", str(run.parent)],
            columns=columns,
            rows=rows,
            env={"COLORTERM": "truecolor"},
        )
        self.screen = Emulator(columns, rows)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def image(self) -> list[Any]:
        """The cells of the image: those left of the sliders, without the words above."""
        text = self.screen.text.splitlines()
        width = next((line.index("▸") for line in text[3:] if "▸" in line), 28) - 1
        lines = zip(self.screen.cells, self.screen.looks, strict=True)
        return [(cells[:width], looks[:width]) for cells, looks in list(lines)[3:-12]]

    def read(self, seconds: float) -> float | None:
        """Read once; return when it came, None if nothing did."""
        if not select.select([self.session.master], [], [], seconds)[0]:
            return None
        data = os.read(self.session.master, 1 << 16)
        came = time.perf_counter()
        self.screen.feed(self._decoder.decode(data))
        return came

    def until(self, words: str, seconds: float = 60.0) -> None:
        """Read until the screen shows words."""
        deadline = time.perf_counter() + seconds
        while words not in self.screen.text:
            if time.perf_counter() > deadline:
                raise SystemExit(f"{words!r} did not come:\n{self.screen.text}")
            self.read(0.1)

    def frame(self, key: str) -> float | None:
        """Press a key; return the seconds until the image had changed, None if it did not."""
        while self.read(QUIET) is not None:
            pass
        before, changed = self.image, None
        began = time.perf_counter()
        self.session.type(key)
        while time.perf_counter() < began + TIMEOUT:
            came = self.read(QUIET if changed else 0.5)
            if came is None:
                break
            now = self.image
            if now != before:
                before, changed = now, came
        return None if changed is None else changed - began


def frames(run: Path, columns: int, rows: int) -> Iterator[float]:
    """Yield the seconds of each frame."""
    terminal = Terminal(run, columns, rows)
    try:
        terminal.until("Losses")
        terminal.session.type("E")
        terminal.until("weights")
        terminal.until("─●─")
        for index in range(FRAMES):
            seconds = terminal.frame(RIGHT if index // TURN % 2 == 0 else LEFT)
            if seconds is not None:
                yield seconds
    finally:
        terminal.session.process.kill()
        terminal.session.process.wait()


def main(arguments: list[str]) -> None:
    """Measure and tell."""
    columns, rows = map(int, (arguments[1] if len(arguments) > 1 else "120x40").split("x"))
    found = [1000 * seconds for seconds in frames(Path(arguments[0]), columns, rows)]
    sys.stdout.write(
        f"{len(found)} frames at {columns}x{rows}: median {statistics.median(found):.1f} ms, "
        f"95 % within {sorted(found)[int(0.95 * len(found))]:.1f} ms, worst {max(found):.1f} ms\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
