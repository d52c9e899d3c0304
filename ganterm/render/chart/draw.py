"""Drawing a chart: what is asked for is looked up, laid out and painted in its frame of axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ganterm.render.chart.axis import Scale, Tick, short, step_ticks, value_ticks
from ganterm.render.chart.curves import curve_of, scale_for
from ganterm.render.chart.legend import legend_of, notes_on, reading_of
from ganterm.render.chart.page import Page
from ganterm.render.chart.plot import DotGrid, Plot
from ganterm.render.chart.view import (
    GLYPHS,
    KINDS,
    Area,
    Chart,
    Glyphs,
    Mark,
    MarkKind,
    Reading,
    Reference,
    Trace,
    View,
)
from ganterm.render.colour import Charset
from ganterm.render.text import cell_width, safe_text, shortened

_NARROW, _TINY = 40, 20
"""Columns from which there is room for a full value axis, and for a short one."""


def draw_chart(
    traces: Sequence[Trace],
    columns: int,
    rows: int,
    view: View | None = None,
    *,
    charset: Charset = Charset.HALFBLOCK,
    title: str = "",
    references: Sequence[Reference] = (),
    marks: Sequence[Mark] = (),
) -> Chart:
    """Draw quantities as `rows` x `columns` cells; the first trace lies in front.

    Any size will do: what has no room is left out. Any values and any number of points will: what
    cannot be drawn is a gap, and a point that is NaN or infinite a cross.
    """
    view = view or View()
    glyphs = GLYPHS[charset]
    page = Page(max(columns, 0), max(rows, 0))
    margin, axis = margin_for(page.width), axis_rows_for(page.height)
    start, stop = _window(traces, view)
    area = Area(margin, 0, page.width - margin, page.height - axis, start, stop)
    grid = DotGrid(area.width, area.height, charset)
    if not (area.width and area.height):
        return Chart(page.spans(), area, [], [])
    curves = [curve_of(trace, area, grid.columns, view) for trace in traces]
    scale = scale_for(curves, view, references)
    readings = [reading_of(curve, area, view) for curve in curves]
    notes = notes_on(curves, readings, scale)
    shown = {mark.kind for mark in marks if area.column_of(mark.step) is not None}
    legend = legend_of(
        glyphs,
        title=title,
        readings=readings,
        notes=notes,
        kinds=[kind for kind in KINDS if kind in shown],
    )
    legend_rows = min(legend.rows(page.width), legend_rows_for(page.height))
    legend.write(page, legend_rows, glyphs)
    area = replace(area, top=legend_rows, height=area.height - legend_rows)
    if told := _without_a_curve(traces, readings):
        for y, line in enumerate(told[: area.height], legend_rows):
            page.write(0, y, shortened(safe_text(line), page.width, glyphs.ellipsis), "tick")
        return Chart(page.spans(), area, readings, notes)
    grid = replace(grid, height=area.height)
    plot = Plot(page, area, scale, grid, glyphs)
    drawn = plot.references(references)
    events = plot.events(marks)
    if view.crosshair is not None:
        plot.crosshair(view.crosshair)
    plot.curves(curves, view.crosshair)
    frame = ChartFrame(page, area, glyphs)
    frame.values(scale, grid, drawn)
    if axis:
        frame.steps(events, view.crosshair)
    return Chart(page.spans(), area, readings, notes)


def _without_a_curve(traces: Sequence[Trace], readings: Sequence[Reading]) -> list[str]:
    """Return what is said where there is no curve: no data, or a point of each quantity at most."""
    known = [
        (trace.label, extent[0], reading.value)
        for trace, reading in zip(traces, readings, strict=True)
        if (extent := trace.source.extent) is not None
    ]
    if not known:
        return [" no data yet"]
    if any(extent and extent[0] != extent[1] for extent in (t.source.extent for t in traces)):
        return []
    return [
        f" {label}: {'not finite' if value is None else short(value)} at step {step:,}, "
        "the one point so far"
        for label, step, value in known
    ]


def _window(traces: Sequence[Trace], view: View) -> tuple[float, float]:
    """Return the first and the last step shown, never the same."""
    extents = [extent for trace in traces if (extent := trace.source.extent) is not None]
    start, stop = view.start, view.stop
    if start is None:
        start = min((extent[0] for extent in extents), default=0 if stop is None else stop - 1)
        last = max((extent[1] for extent in extents), default=0)
        # A run begins at 0, a little before its first point.
        start = 0 if start <= last / 10 else start
    if stop is None:
        stop = max((extent[1] for extent in extents), default=start + 1)
    if not (math.isfinite(start) and math.isfinite(stop)):
        return 0.0, 1.0
    if stop <= start:
        return max(start - 1, 0.0), max(start, 0.0) + 1
    return start, stop


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
