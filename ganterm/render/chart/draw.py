"""Drawing a chart: what is asked for is looked up, laid out and painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ganterm.render.chart.axis import short
from ganterm.render.chart.curves import curve_of, scale_for
from ganterm.render.chart.dots import DotGrid
from ganterm.render.chart.frame import ChartFrame, axis_rows_for, legend_rows_for, margin_for
from ganterm.render.chart.glyphs import GLYPHS
from ganterm.render.chart.legend import legend_of, notes_on, reading_of
from ganterm.render.chart.page import Page, shortened
from ganterm.render.chart.plot import Plot
from ganterm.render.chart.view import KINDS, Area, Chart, Mark, Reading, Reference, Trace, View
from ganterm.render.colour import Charset
from ganterm.render.text import safe_text


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
