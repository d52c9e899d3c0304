"""Lines of a terminal drawn over one another, and the cursor hidden meanwhile."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TextIO

from ganterm.core.errors import ExitCode

_HIDE = "\x1b[?25l"
_SHOW = "\x1b[0m\x1b[?25h"
"""Colours are reset as well: an interrupt may have come in the middle of a line."""


def write(stream: TextIO, text: str) -> None:
    """Write text as UTF-8, whatever the locale: half blocks are only drawn where they are shown."""
    stream.flush()
    stream.buffer.write(text.encode(errors="backslashreplace"))
    stream.buffer.flush()


class InPlace:
    """Draws lines on a terminal, each time over those before; only what changed is written.

    Lines must be shorter than the terminal is wide, and fewer than its rows.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []

    def draw(self, lines: Sequence[str]) -> None:
        """Show `lines` in place of those before; the cursor stands below them."""
        text = f"\x1b[{len(self._lines)}A" if self._lines else ""
        for index, line in enumerate(lines):
            is_same = index < len(self._lines) and self._lines[index] == line
            text += "\n" if is_same else f"\r{line}\x1b[K\n"
        if len(lines) < len(self._lines):
            text += "\x1b[J"
        self._lines = list(lines)
        write(self._stream, text)

    def erase(self) -> None:
        """Take the lines away; the cursor stands where the first of them was."""
        if self._lines:
            write(self._stream, f"\x1b[{len(self._lines)}A\r\x1b[J")
        self._lines = []

    def begin_anew(self) -> None:
        """Clear the whole screen, as after a change of its size, which may have wrapped lines."""
        self._lines = []
        write(self._stream, "\x1b[2J\x1b[H")


@contextmanager
def hidden_cursor(stream: TextIO) -> Iterator[None]:
    """Hide the cursor of a terminal; it is back whatever happens, and while Ctrl-Z stops us."""

    def suspend(number: int, _frame: FrameType | None) -> None:
        write(stream, _SHOW)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        # Here the process was continued.
        signal.signal(number, suspend)
        write(stream, _HIDE)

    handlers = {signal.SIGTERM: _terminated, signal.SIGTSTP: suspend}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        write(stream, _HIDE)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        write(stream, _SHOW)


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(ExitCode.SIGTERM)
