"""What commands say about themselves, on standard error: sentences, and how far long work is."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from ganterm.render.colour import moves_cursor
from ganterm.render.text import safe_text

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

BAR_AFTER = 0.5
"""Seconds before a bar appears, so that quick work leaves the terminal alone."""
LINE_AFTER = 2.0
"""Seconds before the first plain line."""
LINE_EVERY = 5.0
"""Seconds between plain lines."""

_FRAME_SECONDS = 0.1

_STEPS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def say(sentence: str) -> None:
    """Tell the user something, on standard error."""
    typer.echo(safe_text(sentence), err=True)


class Waiting:
    """Says `what` is under way once it takes long; use it in a `with` statement.

    On a terminal one line counts the seconds and is taken away at the end; elsewhere a plain line
    appears after `LINE_AFTER` seconds. What is quick is not mentioned.
    """

    def __init__(self, what: str) -> None:
        self._what = safe_text(what)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Waiting:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _tell(self) -> None:
        if not moves_cursor(sys.stderr):
            if not self._over.wait(LINE_AFTER):
                say(f"{self._what} ...")
            return
        began = time.monotonic()
        if self._over.wait(BAR_AFTER):
            return
        while True:
            self._write(f"\r{self._what} ... {time.monotonic() - began:.0f} s\x1b[K")
            if self._over.wait(_FRAME_SECONDS):
                break
        self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


class ProgressReporter:
    """Shows how far work is: a bar on a terminal, a plain line every few seconds elsewhere.

    Work that takes less than `BAR_AFTER` or `LINE_AFTER` seconds shows nothing. Call it as
    `ganterm.data.Progress` says, inside a `with` statement.
    """

    def __init__(
        self, *, bar: bool | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bar = moves_cursor(sys.stderr) if bar is None else bar
        self._clock = clock
        self._began: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._tasks: dict[str, TaskID] = {}
        self._progress: RichProgress | None = None

    def __enter__(self) -> ProgressReporter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, what: str, done: int, total: int | None, unit: str) -> None:
        """Show that `done` of `total` (None where unknown) `unit` are through."""
        now = self._clock()
        waited = now - self._began.setdefault(what, now)
        if self._bar:
            if waited >= BAR_AFTER or what in self._tasks:
                self._show(what, done, total, unit)
        elif waited >= LINE_AFTER and (
            now - self._told.get(what, now - LINE_EVERY) >= LINE_EVERY or done == total
        ):
            self._told[what] = now
            say(_line(what, done, total, unit))

    def _show(self, what: str, done: int, total: int | None, unit: str) -> None:
        if self._progress is None:
            self._progress = _rich_progress()
            self._progress.start()
        amount = _line("", done, total, unit)
        task = self._tasks.get(what)
        if task is None:
            self._tasks[what] = self._progress.add_task(
                safe_text(what), completed=done, total=total, amount=amount
            )
        else:
            self._progress.update(task, completed=done, total=total, amount=amount)


def _rich_progress() -> RichProgress:
    from rich.console import Console  # noqa: PLC0415 - only long work needs rich
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[amount]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _line(what: str, done: int, total: int | None, unit: str) -> str:
    amount = _amount(done, unit)
    if total is not None:
        amount += f" of {_amount(total, unit)}"
    return f"{what}: {amount}" if what else amount


def _amount(number: int, unit: str) -> str:
    if unit != "bytes":
        return f"{number:,} {unit}"
    size, name = next(((s, n) for s, n in _STEPS if number >= s), (1, "bytes"))
    return f"{number / size:,.1f} {name}" if size > 1 else f"{number} bytes"
