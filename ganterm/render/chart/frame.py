"""The frame of a plot: its axes and their labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ganterm.render.chart.axis import Scale, Tick, step_ticks, value_ticks
from ganterm.render.chart.dots import DotGrid
from ganterm.render.chart.glyphs import Glyphs
from ganterm.render.chart.page import Page, cell_width, shortened
from ganterm.render.chart.view import Area, MarkKind, Reference
from ganterm.render.text import safe_text

_NARROW, _TINY = 40, 20
"""Columns from which there is room for a full value axis, and for a short one."""


def margin_for(columns: int) -> int:
    """Return how many columns of a chart the value axis takes, labels included."""
    return 8 if columns >= _NARROW else 6 if columns >= _TINY else 0


def legend_rows_for(rows: int) -> int:
    """Return how many rows of a chart the legend may take."""
    return 2 if rows >= 12 else 1 if rows >= 2 else 0


def axis_rows_for(rows: int) -> int:
    """Return how many rows of a chart the step axis takes, labels included."""
    return 2 if rows >= 6 else 0


@dataclass(frozen=True, slots=True)
class ChartFrame:
    """Draws the axes of a plot."""

    page: Page
    area: Area
    glyphs: Glyphs

    def values(self, scale: Scale, grid: DotGrid, references: Mapping[int, Reference]) -> None:
        """Draw the value axis; `references` are by row of the page."""
        x = width = self.area.left - 1
        if width < 1:
            return
        for y in range(self.area.top, self.area.top + self.area.height):
            self.page.put(x, y, self.glyphs.vertical, "axis")
        ticks = value_ticks(scale, self.area.height // 4 + 1, width)
        rows = scale.places([tick.value for tick in ticks], grid.rows)
        for tick, row in zip(ticks, rows, strict=True):
            self._value_label(self.area.top + row // grid.down, tick.label, "tick")
        for y, reference in references.items():
            self._value_label(y, safe_text(reference.label), "reference")

    def _value_label(self, y: int, text: str, style: str) -> None:
        room = self.area.left - 1
        label = shortened(text, room, self.glyphs.ellipsis)
        self.page.write(0, y, " " * room, "")
        self.page.write(room - cell_width(label), y, label, style)
        self.page.put(room, y, self.glyphs.tick_left, "axis")

    def steps(self, events: Mapping[int, MarkKind], crosshair: float | None) -> None:
        """Draw the step axis with the events on it, and the steps below."""
        y = self.area.top + self.area.height
        left, width = self.area.left, self.area.width
        self.page.write(left, y, self.glyphs.horizontal * width, "axis")
        if left:
            self.page.put(left - 1, y, self.glyphs.corner, "axis")
        cursor = None if crosshair is None else self._cursor(crosshair, y + 1)
        taken = 0
        for tick in self._step_ticks():
            column = self.area.column_of(tick.value)
            if column is None:
                continue
            begin = max(left + column - len(tick.label) // 2, 0)
            begin = min(begin, self.page.width - len(tick.label))
            if begin < taken or begin < 0:
                continue
            self.page.put(left + column, y, self.glyphs.tick_below, "axis")
            end = begin + len(tick.label)
            if cursor is None or end <= cursor.start or cursor.stop <= begin:
                self.page.write(begin, y + 1, tick.label, "tick")
            taken = end + 2
        for x, kind in events.items():
            self.page.put(x, y, self.glyphs.kinds[kind], f"mark-{kind}")

    def _step_ticks(self) -> list[Tick]:
        return step_ticks(self.area.start, self.area.stop, max(self.area.width // 12, 2))

    def _cursor(self, step: float, y: int) -> range | None:
        """Write the step of the crosshair; return the cells it takes, None if it is not shown."""
        column = self.area.column_of(step)
        if column is None:
            return None
        text = f" {round(step):,} "
        begin = self.area.left + column - len(text) // 2
        begin = min(max(begin, 0), max(self.page.width - len(text), 0))
        self.page.write(begin, y, text, "cursor")
        return range(begin, begin + len(text))
