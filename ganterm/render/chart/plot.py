"""The plot itself: curves over references, events and the crosshair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

from ganterm.render.chart.axis import Scale
from ganterm.render.chart.curves import Curve, columns_and, spread
from ganterm.render.chart.dots import BRAILLE, DotGrid
from ganterm.render.chart.glyphs import Glyphs, trace_glyph
from ganterm.render.chart.page import Page
from ganterm.render.chart.view import STYLES, Area, Mark, MarkKind, Reference
from ganterm.render.colour import Charset

_MARK_EVERY = 16
"""Cells from one mark of a curve to its next."""
_RANK: tuple[MarkKind, ...] = ("alert", "resume", "control", "checkpoint")
"""Which of several events in one cell is shown, the foremost first."""


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
        self,
        layers: Sequence[tuple[list[tuple[int, ...]], str]],
        curves: Sequence[Curve] = (),
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
