"""The plot itself: curves over references, events and the crosshair.

Curves are dots: columns of dots are numbers, and characters are read off their bits. In Unicode a
cell has 2 x 4 dots of braille, in ASCII a single one. A column of dots is an integer with one byte
for each row of cells, so that any stroke in it is made by two look-ups, and a column of cells by
one conversion to bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, pairwise

from ganterm.render.chart.axis import Scale
from ganterm.render.chart.curves import Curve, columns_and, spread
from ganterm.render.chart.page import Page
from ganterm.render.chart.view import STYLES, Area, Glyphs, Mark, MarkKind, Reference, trace_glyph
from ganterm.render.colour import Charset

_MARK_EVERY = 16
"""Cells from one mark of a curve to its next."""
_RANK: tuple[MarkKind, ...] = ("alert", "resume", "control", "checkpoint")
"""Which of several events in one cell is shown, the foremost first."""

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


@dataclass(frozen=True, slots=True)
class Plot:
    """Where and with what a plot is drawn."""

    page: Page
    area: Area
    scale: Scale
    grid: DotGrid
    glyphs: Glyphs

    def references(self, references: Sequence[Reference]) -> dict[int, Reference]:
        """Draw the references that the scale holds; return them by their row of the page."""
        drawn: dict[int, Reference] = {}
        for reference in references:
            if self.scale.holds(reference.value):
                (row,) = self.scale.places([reference.value], self.grid.rows)
                drawn.setdefault(self.area.top + row // self.grid.down, reference)
        for y in drawn:
            line = self.glyphs.reference * self.area.width
            self.page.write(self.area.left, y, line, "reference")
        return drawn

    def events(self, marks: Sequence[Mark]) -> dict[int, MarkKind]:
        """Draw a line at every event but checkpoints; return the kinds by column of the page.

        Where there would be more lines than a sixth of the columns, none is drawn.
        """
        kinds: dict[int, MarkKind] = {}
        for mark in marks:
            column = self.area.column_of(mark.step)
            if column is not None:
                x = self.area.left + column
                kinds[x] = min(mark.kind, kinds.get(x, mark.kind), key=_RANK.index)
        lines = {x: kind for x, kind in kinds.items() if kind != "checkpoint"}
        if len(lines) <= max(self.area.width // 6, 1):
            for x, kind in lines.items():
                self._vertical(x, self.glyphs.event, f"mark-{kind}")
        return kinds

    def crosshair(self, step: float) -> None:
        """Draw the line on which values are read."""
        column = self.area.column_of(step)
        if column is not None:
            self._vertical(self.area.left + column, self.glyphs.crosshair, "crosshair")

    def curves(self, curves: Sequence[Curve], crosshair: float | None) -> None:
        """Draw the curves, the first in front, over all their bands."""
        rows = [self._rows_of(curve) for curve in curves]
        self._paint(
            [(self._band(c), f"band-{c.trace.style % STYLES}") for c in curves if c.has_band]
        )
        lines = []
        for curve, places in zip(curves, rows, strict=True):
            broken = [each is not None and each.broken > 0 for each in curve.bins]
            codes = self.grid.cells(self.grid.curve(places, broken))
            lines.append((codes, f"line-{curve.trace.style % STYLES}"))
        self._paint(lines, curves)
        for index in reversed(range(len(curves))):
            self._crosses(curves[index], rows[index])
            self._marks(curves[index], rows[index], index, len(curves))
            if crosshair is not None:
                self._read(curves[index], rows[index], crosshair)

    def _rows_of(self, curve: Curve) -> Sequence[int | None]:
        columns, values = columns_and(curve.line)
        places = self.scale.places(values, self.grid.rows)
        return spread(columns, places, self.grid.columns)

    def _band(self, curve: Curve) -> list[tuple[int, ...]]:
        found = [(x, each) for x, each in enumerate(curve.bins) if each is not None and each.points]
        columns = [x for x, _ in found]
        rows, width = self.grid.rows, self.grid.columns
        tops = self.scale.places([each.high for _, each in found], rows)
        bottoms = self.scale.places([each.low for _, each in found], rows)
        band = self.grid.band(spread(columns, tops, width), spread(columns, bottoms, width))
        return self.grid.cells(band)

    def _paint(
        self, layers: Sequence[tuple[list[tuple[int, ...]], str]], curves: Sequence[Curve] = ()
    ) -> None:
        """Put layers of cells on the page, the first in front.

        In a cell that several meet in, their dots stand together in the style of the foremost.
        """
        ascii_only = self.grid.charset is Charset.ASCII
        left, width = self.area.left, self.area.width
        order = list(reversed(range(len(layers))))
        for y in range(self.area.height):
            chars = self.page.chars[self.area.top + y]
            styles = self.page.styles[self.area.top + y]
            together = [0] * width
            for index in order:
                codes, style = layers[index][0][y], layers[index][1]
                glyph = (
                    trace_glyph(self.glyphs, curves[index].trace.style)
                    if curves
                    else self.glyphs.band
                )
                for x in compress(range(width), codes):
                    together[x] |= codes[x]
                    styles[left + x] = style
                    chars[left + x] = glyph if ascii_only else BRAILLE[together[x]]

    def _crosses(self, curve: Curve, rows: Sequence[int | None]) -> None:
        """Put a cross at every broken point: at the height of the curve, or where it broke off."""
        height = self.grid.rows - 1
        for x, each in enumerate(curve.bins):
            place = rows[x]
            if place is not None:
                height = place
            if each is not None and each.broken:
                self._put(x, height, self.glyphs.broken, curve)

    def _marks(self, curve: Curve, rows: Sequence[int | None], index: int, count: int) -> None:
        """Put the mark of a quantity on its curve every few cells, those of others in between."""
        if self.grid.charset is Charset.ASCII:
            return
        across = self.grid.across
        glyph = trace_glyph(self.glyphs, curve.trace.style)
        every = _MARK_EVERY * across
        first = (2 * index + 1) * every // (2 * count)
        found = [(x, place) for x, place in enumerate(rows[first::every]) if place is not None]
        places = [(first + x * every, place) for x, place in found]
        if not places:
            places = [(x, place) for x, place in enumerate(rows) if place is not None][-1:]
        for x, place in places:
            self._put(x, place, glyph, curve)

    def _read(self, curve: Curve, rows: Sequence[int | None], crosshair: float) -> None:
        column = self.area.column_of(crosshair, self.grid.across)
        nearest = None if column is None else curve.nearest(column)
        if nearest is not None and (place := rows[nearest]) is not None:
            self._put(nearest, place, trace_glyph(self.glyphs, curve.trace.style), curve)

    def _put(self, column: int, row: int, glyph: str, curve: Curve) -> None:
        x = self.area.left + column // self.grid.across
        y = self.area.top + row // self.grid.down
        self.page.put(x, y, glyph, f"line-{curve.trace.style % STYLES}")

    def _vertical(self, x: int, glyph: str, style: str) -> None:
        for y in range(self.area.top, self.area.top + self.area.height):
            self.page.put(x, y, glyph, style)
