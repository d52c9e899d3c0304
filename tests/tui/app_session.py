"""The app on a pseudo-terminal, with the screen that a person would see."""

from __future__ import annotations

import codecs
import os
import select
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.cli.pty_session import SECONDS, PtySession
from tests.tui.emulator import Emulator

TRUECOLOUR = {"COLORTERM": "truecolor"}


class AppSession(PtySession):
    """Runs `ganterm app ARGUMENTS`; what it draws is read only while something is waited for.

    Attributes:
        screen: what the terminal shows of what was read.
        count: bytes that were read.
    """

    def __init__(
        self,
        runs_dir: Path,
        *arguments: str,
        columns: int = 120,
        rows: int = 40,
        env: Mapping[str, str] = TRUECOLOUR,
    ) -> None:
        super().__init__(
            ["app", "--runs-dir", str(runs_dir), *arguments],
            columns=columns,
            rows=rows,
            env=dict.fromkeys(("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"), "") | dict(env),
        )
        os.close(self.slave)
        self.screen = Emulator(columns, rows)
        self.count = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def see(self, *words: str) -> None:
        """Read until the screen shows all of these words."""
        self.until(lambda: all(word in self.screen.text for word in words), " and ".join(words))

    def see_gone(self, words: str) -> None:
        """Read until the screen no longer shows these words."""
        self.until(lambda: words not in self.screen.text, f"no {words}")

    def until(self, holds: Callable[[], object], what: str = "that") -> None:
        """Read until something holds; fails when it does not come, or the app ends before."""
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"not {what}:\n{self.screen.text}"
            if not self._read(0.1) and self.process.poll() is not None and not holds():
                raise AssertionError(f"ended without {what}:\n{self.screen.text}")

    def leave(self) -> int:
        """Read to the end of the app; return its exit code."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running:\n{self.screen.text}"
            self._read(0.1)
        self._drain()
        os.close(self.master)
        return self.process.returncode

    def hang_up(self) -> None:
        """Take the terminal away, as a lost connection does."""
        os.close(self.master)
        self.process.wait(SECONDS)

    def kill(self) -> None:
        """End it as `kill -9` does, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            os.close(self.master)

    def _read(self, seconds: float) -> bool:
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            # The other end was closed: the app has ended.
            return False
        self.output += data
        self.count += len(data)
        self.screen.feed(self._decoder.decode(data))
        return bool(data)
