"""The legend: which mark is whose, with the values read, and a word on what else is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ganterm.render.chart.axis import Scale, short
from ganterm.render.chart.curves import Curve
from ganterm.render.chart.page import Page, Span
from ganterm.render.chart.view import STYLES, Area, Glyphs, MarkKind, Reading, View, trace_glyph
from ganterm.render.text import cell_width, safe_text, shortened

_WORDS: dict[MarkKind, str] = {
    "alert": "alert",
    "resume": "resumed",
    "control": "changed",
    "checkpoint": "checkpoint",
}
_GAP = 2
_VALUE = 6
_LABEL = 32
"""Cells that the name of a quantity may take."""


def reading_of(curve: Curve, area: Area, view: View) -> Reading:
    """Read a curve at the crosshair, or at the end of the window."""
    trace = curve.trace
    broken = sum(each.broken for each in curve.bins if each is not None)
    known = [x for x, value in enumerate(curve.line) if value is not None]
    column = known[-1] if known else None
    if view.crosshair is not None:
        at = area.column_of(view.crosshair, max(len(curve.bins) // max(area.width, 1), 1))
        column = None if at is None else curve.nearest(at)
    if column is None:
        return Reading(trace.label, trace.style, broken=broken)
    value, points = curve.line[column], curve.bins[column]
    if value is None or points is None:
        return Reading(trace.label, trace.style, broken=broken)
    return Reading(trace.label, trace.style, value, points.low, points.high, broken)


def notes_on(curves: Sequence[Curve], readings: Sequence[Reading], scale: Scale) -> list[str]:
    """Say what the curves have that the plot cannot show."""
    notes = [
        f"{reading.label}: {reading.broken:,} not finite" for reading in readings if reading.broken
    ]
    for curve in curves:
        lows, highs = curve.drawn()
        if not lows:
            continue
        label = curve.trace.label
        if scale.log and min(lows) <= 0:
            notes.append(f"{label}: not above 0, at the lower edge")
        elif min(lows) < scale.low:
            notes.append(f"{label}: down to {short(min(lows))}")
        if max(highs) > scale.high:
            notes.append(f"{label}: up to {short(max(highs))}")
    return notes


@dataclass(frozen=True, slots=True)
class Legend:
    """What a legend says, the most telling first: `items` are spans that stay together."""

    items: list[list[Span]]

    def rows(self, width: int) -> int:
        """Return how many rows it takes at that width."""
        return len(self._packed(width))

    def write(self, page: Page, rows: int, glyphs: Glyphs) -> None:
        """Write it into the first `rows` rows of a page; an ellipsis says if something is left."""
        packed = self._packed(page.width)
        for y, row in enumerate(packed[:rows]):
            for x, item in row:
                at = x
                for span in item:
                    text = shortened(span.text, page.width - at, glyphs.ellipsis)
                    at = page.write(at, y, text, span.style)
        if len(packed) > rows > 0:
            page.put(page.width - 1, rows - 1, glyphs.ellipsis, "label")

    def _packed(self, width: int) -> list[list[tuple[int, list[Span]]]]:
        """Return rows of (first cell, item)."""
        rows: list[list[tuple[int, list[Span]]]] = []
        x = width
        for item in self.items:
            wide = sum(cell_width(span.text) for span in item)
            if not rows or x + wide > width:
                rows.append([])
                x = 0
            rows[-1].append((x, item))
            x += wide + _GAP
        return rows


def legend_of(
    glyphs: Glyphs,
    *,
    title: str,
    readings: Sequence[Reading],
    notes: Iterable[str],
    kinds: Iterable[MarkKind],
) -> Legend:
    """Put a legend together."""
    items = [[Span(safe_text(title), "title")]] if title else []
    items += [_quantity(reading, glyphs) for reading in readings]
    items += [[Span(safe_text(note), "note")] for note in notes]
    items += [
        [Span(glyphs.kinds[kind], f"mark-{kind}"), Span(f" {_WORDS[kind]}", "label")]
        for kind in kinds
    ]
    return Legend(items)


def _quantity(reading: Reading, glyphs: Glyphs) -> list[Span]:
    label = shortened(safe_text(reading.label), _LABEL, glyphs.ellipsis)
    value = "-" if reading.value is None else short(reading.value)
    if reading.value is None and reading.broken:
        value = "nan"
    return [
        Span(trace_glyph(glyphs, reading.style), f"line-{reading.style % STYLES}"),
        Span(f" {label} ", "label"),
        # As wide whatever the value, so that nothing moves while it changes.
        Span(value.ljust(_VALUE), "value"),
    ]
