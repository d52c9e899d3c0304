"""Curves as dots: columns of dots are numbers, and characters are read off their bits.

In Unicode a cell has 2 x 4 dots of braille, in ASCII a single one. A column of dots is an integer
with one byte for each row of cells, so that any stroke in it is made by two look-ups, and a
column of cells by one conversion to bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ganterm.render.colour import Charset

_BRAILLE = 0x2800
_LEFT = (0x01, 0x02, 0x04, 0x40)
_RIGHT = (0x08, 0x10, 0x20, 0x80)
"""The bits of a braille cell from the top, as Unicode has them."""


def _braille(code: int) -> str:
    """Return the character for a code whose low four bits are the left dots from the top."""
    dots = (bit for row, bit in enumerate((*_LEFT, *_RIGHT)) if code >> row & 1)
    return chr(_BRAILLE + sum(dots))


BRAILLE = tuple(_braille(code) for code in range(256))


@dataclass(frozen=True)
class DotGrid:
    """The dots of `width` x `height` cells.

    Attributes:
        across: columns of dots in a cell.
        down: rows of dots in a cell.
    """

    width: int
    height: int
    charset: Charset

    @property
    def across(self) -> int:
        """Columns of dots in a cell."""
        return 1 if self.charset is Charset.ASCII else 2

    @property
    def down(self) -> int:
        """Rows of dots in a cell."""
        return 1 if self.charset is Charset.ASCII else 4

    @property
    def columns(self) -> int:
        """Columns of dots."""
        return self.width * self.across

    @property
    def rows(self) -> int:
        """Rows of dots."""
        return self.height * self.down

    def curve(self, places: Sequence[int | None], breaks: Sequence[bool]) -> list[int]:
        """Draw a line through the row of each column; None leaves it to its neighbours.

        Between columns that have a row the line goes straight, unless one that has none and
        `breaks` lies between them.
        """
        above = _above(self.height, self.down)
        masks = [0] * len(places)
        before: int | None = None
        for column, place in enumerate(_bridged(places, breaks)):
            if place is None:
                before = None
                continue
            first = last = place
            if before is not None and abs(place - before) > 1:
                # Either column draws its half of the way.
                middle = (before + place) >> 1
                if before < place:
                    masks[column - 1] |= above[middle + 1] ^ above[before]
                    first = middle + 1
                else:
                    masks[column - 1] |= above[before + 1] ^ above[middle + 1]
                    last = middle
            masks[column] |= above[last + 1] ^ above[first]
            before = place
        return masks

    def band(self, tops: Sequence[int | None], bottoms: Sequence[int | None]) -> list[int]:
        """Draw a haze from `tops` to `bottoms`, both drawn in full, in each column that has them.

        Its texture is thinner than a line, so that the two are told apart without colours.
        """
        above = _above(self.height, self.down)
        textures = _textures(self.height, self.down)
        masks = []
        for column, (top, bottom) in enumerate(zip(tops, bottoms, strict=True)):
            if top is None or bottom is None:
                masks.append(0)
                continue
            ends = above[top + 1] ^ above[top] | above[bottom + 1] ^ above[bottom]
            masks.append(ends | (above[bottom + 1] ^ above[top]) & textures[column % len(textures)])
        return masks

    def cells(self, masks: Sequence[int]) -> list[tuple[int, ...]]:
        """Return the code of every cell, a tuple for each row of cells; 0 for an empty cell."""
        if self.across == 1:
            columns = [mask.to_bytes(self.height, "little") for mask in masks]
        else:
            pairs = zip(masks[::2], masks[1::2], strict=True)
            columns = [(left | right << 4).to_bytes(self.height, "little") for left, right in pairs]
        return list(zip(*columns, strict=True)) if columns else [()] * self.height


@lru_cache(maxsize=32)
def _above(height: int, down: int) -> tuple[int, ...]:
    """Return, for every number of rows of dots, the column in which that many are set."""
    found = [0]
    for row in range(height * down):
        found.append(found[-1] | 1 << row // down * 8 + row % down)
    return tuple(found)


@lru_cache(maxsize=32)
def _textures(height: int, down: int) -> tuple[int, ...]:
    """Return the columns of dots that, repeated, make the texture of a band."""
    if down == 1:
        return (_above(height, down)[-1],)
    chequered = (0b0101, 0b1010)
    return tuple(sum(bits << 8 * row for row in range(height)) for bits in chequered)


def _bridged(places: Sequence[int | None], breaks: Sequence[bool]) -> Sequence[int | None]:
    """Return the places with those between two known ones filled in."""
    if None not in places:
        return places
    filled = list(places)
    known = [(column, place) for column, place in enumerate(places) if place is not None]
    for (left, begin), (right, end) in pairwise(known):
        width = right - left
        if width > 1 and not any(breaks[left + 1 : right]):
            rise = (end - begin) / width
            filled[left + 1 : right] = [
                int(begin + rise * offset + 0.5) for offset in range(1, width)
            ]
    return filled
