"""A small picture that is drawn by hand: a round pen on black, a pixel the size of the data's."""

from __future__ import annotations

import math
from typing import Final

from ganterm.core.dataspec import Size
from ganterm.render.raster import Raster

_PEN: Final = 1.3 / 28
"""Radius of the pen, as a share of the shorter side: that of the strokes of MNIST."""
_LEAST_PEN: Final = 0.6
"""In pixels: a thinner one would leave gaps."""
_USUAL: Final = Size(28, 28)
_KEPT: Final = 100
"""Strokes that can be taken back."""


class Pad:
    """Ink on a picture of `size`.

    Attributes:
        x: where the pen is, in pixels from the left; y: from the top.
        down: whether it draws where it goes. rubber: whether it wipes instead.
    """

    def __init__(self, size: Size = _USUAL) -> None:
        self.size = size
        self.x, self.y = size.width // 2, size.height // 2
        self.down = False
        self.rubber = False
        self._ink = bytearray(size.height * size.width)
        self._before: list[bytes] = []

    @property
    def ink(self) -> bytes:
        """A byte a pixel, row by row: 0 is black."""
        return bytes(self._ink)

    @property
    def empty(self) -> bool:
        return not any(self._ink)

    def picture(self, *, pen: bool) -> Raster:
        """Return the picture, with the place of the `pen` on it if that is wanted."""
        shown = bytearray(self._ink)
        height, width = self.size
        if pen:
            for dx, dy in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
                x, y = self.x + dx, self.y + dy
                # A pen that is up has a hole, through which one sees where it would draw.
                if 0 <= x < width and 0 <= y < height and (self.down or dx or dy):
                    at = y * width + x
                    shown[at] = 96 if shown[at] > 160 else 176
        return Raster(width, height, 1, bytes(shown))

    def begin(self) -> None:
        """Begin a stroke, which can be taken back as a whole."""
        self._before = [*self._before, bytes(self._ink)][-_KEPT:]

    def undo(self) -> bool:
        """Take the last stroke back; tell whether there was one."""
        if not self._before:
            return False
        self._ink = bytearray(self._before.pop())
        return True

    def clear(self) -> None:
        self.begin()
        self._ink = bytearray(len(self._ink))

    def press(self) -> None:
        """Lower the pen, or lift it."""
        self.down = not self.down
        if self.down:
            self.begin()
            self.dab(self.x + 0.5, self.y + 0.5)

    def move(self, dx: int, dy: int) -> bool:
        """Move the pen by pixels; tell whether it drew."""
        x = min(max(self.x + dx, 0), self.size.width - 1)
        y = min(max(self.y + dy, 0), self.size.height - 1)
        if self.down:
            self.line((self.x + 0.5, self.y + 0.5), (x + 0.5, y + 0.5))
        self.x, self.y = x, y
        return self.down

    def go(self, x: float, y: float) -> None:
        """Put the pen somewhere without drawing."""
        self.x = min(max(int(x), 0), self.size.width - 1)
        self.y = min(max(int(y), 0), self.size.height - 1)

    def line(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw from one point to another, in pixels from the top left corner."""
        steps = max(math.ceil(2 * math.dist(begin, end)), 1)
        for step in range(steps + 1):
            share = step / steps
            self.dab(*(a + share * (b - a) for a, b in zip(begin, end, strict=True)))

    def dab(self, x: float, y: float) -> None:
        """Put the round pen down at a point."""
        radius = max(_PEN * min(self.size), _LEAST_PEN)
        reach = range(-math.ceil(radius) - 1, math.ceil(radius) + 2)
        for row in (int(y) + step for step in reach):
            for column in (int(x) + step for step in reach):
                if 0 <= row < self.size.height and 0 <= column < self.size.width:
                    away = math.dist((x, y), (column + 0.5, row + 0.5))
                    ink = round(255 * min(max(radius + 0.5 - away, 0.0), 1.0))
                    at = row * self.size.width + column
                    old = self._ink[at]
                    self._ink[at] = min(old, 255 - ink) if self.rubber else max(old, ink)
