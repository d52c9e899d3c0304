"""A film in the terminal, again and again, until it is stopped."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import NoReturn

from ganterm.cli.drawing import write_bytes
from ganterm.cli.follow.keyboard import Keyboard
from ganterm.errors import ExitCode
from ganterm.render.colour import Canvas, canvas_of
from ganterm.render.raster import Raster
from ganterm.render.show import draw_many

_TEXT_ROWS = 3
"""Rows of the screen left to the title, the hint and the prompt that follows."""
_HIDE = "\x1b[?25l"
_SHOW = "\x1b[0m\x1b[?25h"
"""Colours are reset as well: an interrupt may have come in the middle of a line."""


def play(frames: Sequence[Raster], canvas: Canvas, *, fps: float) -> None:
    """Draw equally large frames in turn on standard output, which must be a terminal.

    Returns when q or Ctrl-C is pressed, or the terminal is gone; the last frame stays, and the
    cursor is back. A terminal that changes its size is drawn on anew.
    """
    write_bytes(b"q or Ctrl-C ends the film.\n")
    with _hidden_cursor(), Keyboard() as keyboard:
        screen = _Screen(frames, canvas)
        due = time.monotonic()
        number = 0
        try:
            while True:
                screen.show(number % len(frames))
                number += 1
                due = max(due + 1 / fps, time.monotonic())
                if "q" in keyboard.poll(max(due - time.monotonic(), 0.0)).lower():
                    return
        except KeyboardInterrupt:
            return


class _Screen:
    """Draws frames over one another; only lines that changed are written."""

    def __init__(self, frames: Sequence[Raster], canvas: Canvas) -> None:
        self._frames = frames
        self._canvas = canvas
        self._drawn: dict[int, list[str]] = {}
        self._lines: list[str] = []

    def show(self, index: int) -> None:
        """Show a frame below what stands on the screen, or in place of the one before."""
        now = canvas_of(sys.stdout, colour=self._canvas.colour, charset=self._canvas.charset)
        text = ""
        if (now.columns, now.rows) != (self._canvas.columns, self._canvas.rows):
            # What was wrapped or lost by the change cannot be known: begin on an empty screen.
            self._canvas, self._drawn, self._lines = now, {}, []
            text = "\x1b[2J\x1b[H"
        if index not in self._drawn:
            # A column is left free, because erasing the rest of a full line takes its last cell.
            columns, rows = self._canvas.columns - 1, self._canvas.rows - _TEXT_ROWS
            canvas = replace(self._canvas, columns=max(columns, 1), rows=max(rows, 1))
            self._drawn[index] = draw_many([self._frames[index]], canvas, scroll=False)[0]
        lines = self._drawn[index]
        if not self._lines:
            text += "".join(f"{line}\n" for line in lines)
        else:
            text += f"\x1b[{len(lines)}A"
            for before, line in zip(self._lines, lines, strict=True):
                text += "\n" if line == before else f"\r{line}\x1b[K\n"
        self._lines = lines
        write_bytes(text.encode())


@contextmanager
def _hidden_cursor() -> Iterator[None]:
    """Hide the cursor, and show it again whatever ends the film; Ctrl-C raises meanwhile."""
    handlers = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: _terminated,
        signal.SIGTSTP: _suspended,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    write_bytes(_HIDE.encode())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        write_bytes(_SHOW.encode())


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(ExitCode.SIGTERM)


def _suspended(number: int, _frame: FrameType | None) -> None:
    """Give the cursor back to the shell while the film is stopped by Ctrl-Z."""
    write_bytes(_SHOW.encode())
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    # Here the process was continued.
    signal.signal(number, _suspended)
    write_bytes(_HIDE.encode())
