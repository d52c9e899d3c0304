"""A film in the terminal, again and again, until it is stopped."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ganterm.cli.follow.keyboard import Keyboard
from ganterm.cli.inplace import InPlace, hidden_cursor
from ganterm.cli.narrate import say
from ganterm.render.colour import Canvas, canvas_of, over_ssh
from ganterm.render.raster import Raster
from ganterm.render.show import draw_many

_TEXT_ROWS = 3
"""Rows of the screen left to the title, the hint and the prompt that follows."""


def play(frames: Sequence[Raster], canvas: Canvas, *, fps: float) -> None:
    """Draw equally large frames in turn on standard output, which must be a terminal.

    Returns when q or Ctrl-C is pressed; the last frame stays, and the cursor is back. A terminal
    that changes its size is drawn on anew.
    """
    say("q or Ctrl-C ends the film.")
    with _interruptible(), hidden_cursor(sys.stdout), Keyboard() as keyboard:
        screen = _Screen(frames, canvas)
        due = time.monotonic()
        number = -1
        with _interruptible():
            while True:
                number = (number + 1) % len(frames)
                screen.show(number, sparing=over_ssh(os.environ))
                due = max(due + 1 / fps, time.monotonic())
                if "q" in keyboard.poll(max(due - time.monotonic(), 0.0)).lower():
                    break
        screen.show(max(number, 0))


class _Screen:
    """Draws one frame over another, as large as the terminal allows."""

    def __init__(self, frames: Sequence[Raster], canvas: Canvas) -> None:
        self._frames = frames
        self._canvas = canvas
        self._drawn: dict[tuple[int, bool], list[str]] = {}
        self._place = InPlace(sys.stdout)

    def show(self, index: int, *, sparing: bool = False) -> None:
        """Show a frame below what stands on the screen, or in place of the one before.

        `sparing` is that of `ganterm.render.halfblock.draw`.
        """
        now = canvas_of(sys.stdout, colour=self._canvas.colour, charset=self._canvas.charset)
        if (now.columns, now.rows) != (self._canvas.columns, self._canvas.rows):
            self._canvas, self._drawn = now, {}
            self._place.begin_anew()
        if (index, sparing) not in self._drawn:
            columns, rows = self._canvas.columns - 1, self._canvas.rows - _TEXT_ROWS
            canvas = replace(self._canvas, columns=max(columns, 1), rows=max(rows, 1))
            self._drawn[index, sparing] = draw_many(
                [self._frames[index]], canvas, scroll=False, sparing=sparing
            )[0]
        self._place.draw(self._drawn[index, sparing])


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end what is within, as the way to end it that it is."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGINT, before)
