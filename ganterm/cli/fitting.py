"""A projection shown while it converges: the picture and its error redrawn, or plain lines."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from ganterm.cli.inplace import InPlace, hidden_cursor
from ganterm.cli.narrate import LINE_EVERY, say
from ganterm.cli.outputs import rasters_of
from ganterm.render.colour import canvas_of, moves_cursor, over_ssh
from ganterm.render.curve import curve
from ganterm.render.show import draw_many
from ganterm.render.text import safe_text

if TYPE_CHECKING:
    import torch

    from ganterm.inference.projection import Projection

_PICTURE_ROWS, _CURVE_ROWS = 14, 5
_WIDEST = 80


class FitView(Protocol):
    """Shows somebody how a search goes."""

    def show(self, name: str, target: torch.Tensor, projection: Projection) -> None:
        """Show where the search for `target` (C, H, W), uint8, is; called after every step."""


@contextmanager
def fit_view() -> Iterator[FitView]:
    """Give a view that moves where standard error is a terminal, and plain lines elsewhere."""
    if not moves_cursor(sys.stderr):
        yield PlainFit()
        return
    moving = MovingFit()
    with hidden_cursor(sys.stderr):
        try:
            yield moving
        finally:
            moving.place.erase()


class PlainFit:
    """Says every few seconds how far it is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told = clock()

    def show(self, name: str, target: torch.Tensor, projection: Projection) -> None:
        """Say a line, unless one was said a moment ago."""
        now = self._clock()
        if now - self._told >= LINE_EVERY:
            self._told = now
            say(_words(name, projection))


class MovingFit:
    """Draws target and fit side by side over the curve of the error, on standard error."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.place = InPlace(sys.stderr)
        self._clock = clock
        # Over SSH every frame crosses a network; twice a second is calm and enough.
        self._remote = over_ssh(os.environ)
        self._every = 0.5 if self._remote else 0.2
        self._due = 0.0
        self._size = (0, 0)

    def show(self, name: str, target: torch.Tensor, projection: Projection) -> None:
        """Draw a frame, unless one was drawn a moment ago."""
        if self._clock() >= self._due or projection.over:
            self._draw(name, target, projection)
            # Counted from the end of the drawing, lest drawing be all that is done.
            self._due = self._clock() + self._every

    def _draw(self, name: str, target: torch.Tensor, projection: Projection) -> None:
        import torch  # noqa: PLC0415

        from ganterm.inference.sample import to_uint8  # noqa: PLC0415

        canvas = canvas_of(sys.stderr)
        if self._size not in {(0, 0), (canvas.columns, canvas.rows)}:
            self.place.begin_anew()
        self._size = canvas.columns, canvas.rows
        width = min(canvas.columns - 1, _WIDEST)
        room = canvas.rows - 3
        picture = min(_PICTURE_ROWS, room)
        rasters = rasters_of(torch.stack([target, to_uint8(projection.best.image)]).numpy())
        space = replace(canvas, columns=max(width, 1), rows=max(picture, 1))
        sparing = self._remote and not projection.over
        lines, _ = draw_many(rasters, space, columns=2, sparing=sparing)
        if len(lines) > room:
            lines = []
        if room - len(lines) >= _CURVE_ROWS and width >= 20:
            errors = projection.errors
            # A short history is drawn as wide as a long one.
            values = [error for error in errors for _ in range(-(-2 * width // len(errors)))]
            lines += curve(values, width, _CURVE_ROWS, charset=canvas.charset, low=0.0)
        self.place.draw([*lines, _words(name, projection)[: max(width, 1)]])


def _words(name: str, projection: Projection) -> str:
    return safe_text(
        f"{name}: step {projection.step} of {projection.settings.steps}, "
        f"error {projection.best.error:.4f}"
    )
