"""A chart over steps: drawn by `ganterm.render.chart`, painted line by line where it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.segment import Segment
from textual import events, getters
from textual.message import Message
from textual.strip import Strip

from ganterm.render.chart import Chart, Mark, Reference, Span, Trace, View, draw_chart
from ganterm.tui.base import AppBase
from ganterm.tui.widgets.toned import PaintedLines, tone_style

_TONES: Final = {
    "label": "text",
    "value": "strong",
    "title": "accent",
    "note": "warn",
    "axis": "line",
    "tick": "muted",
    "reference": "muted",
    "crosshair": "button",
    "cursor": "accent",
    "mark-control": "button",
    "mark-alert": "alarm",
    "mark-resume": "warn",
    "mark-checkpoint": "muted",
}
"""How what is no curve and no band of one is painted."""


@dataclass(frozen=True)
class Drawing:
    """What a chart shows; see `draw_chart`."""

    traces: Sequence[Trace] = ()
    view: View = View()  # noqa: RUF009 - a frozen value
    title: str = ""
    references: Sequence[Reference] = ()
    marks: Sequence[Mark] = ()


class ChartView(PaintedLines, can_focus=False):
    """Shows a `Drawing` at its own size, and nothing before there is one.

    Attributes:
        chart: the chart as it was last drawn: where its plot is, and what was read.
    """

    app = getters.app(AppBase)

    DEFAULT_CSS = """
    ChartView { height: 1fr; }
    """

    def __init__(self, drawing: Drawing | None = None, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.drawing = drawing
        self.chart: Chart | None = None

    def show(self, drawing: Drawing) -> None:
        """Show another drawing, or the same with new points; only changed lines are painted."""
        self.drawing = drawing
        self._draw()
        self.repaint()

    def on_resize(self) -> None:
        self._draw()

    def line(self, y: int) -> Sequence[Span]:
        return self.chart.rows[y] if self.chart and y < len(self.chart.rows) else ()

    def _draw(self) -> None:
        drawing, app = self.drawing, self.app
        if drawing is None:
            return
        self.chart = draw_chart(
            drawing.traces,
            self.size.width,
            self.size.height,
            drawing.view,
            charset=app.options.canvas.charset,
            title=drawing.title,
            references=drawing.references,
            marks=drawing.marks,
        )

    def paint(self, line: Sequence[Span]) -> Strip:
        ground = self.rich_style
        styles = (
            tone_style(self, _TONES.get(each.style, each.style)) if each.style else ground
            for each in line
        )
        segments = [Segment(span.text, style) for span, style in zip(line, styles, strict=True)]
        return Strip(segments).adjust_cell_length(self.size.width, ground)


_WHEEL = 0.8
"""What a turn of the wheel does to the number of steps shown."""


class StepChart(ChartView):
    """A click points at a step, the wheel zooms where the pointer is, dragging moves the window."""

    @dataclass
    class Pointed(Message):
        """A step was pointed at."""

        step: int

    @dataclass
    class Zoomed(Message):
        """`factor` times as many steps are wanted, with `step` where it is."""

        factor: float
        step: float

    @dataclass
    class Dragged(Message):
        """The window is to begin so many steps later, or earlier."""

        steps: float

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._held: int | None = None
        self._moved = False

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._held, self._moved = event.x, False
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held is None or self.chart is None or event.x == self._held:
            return
        area = self.chart.area
        steps = (self._held - event.x) * (area.stop - area.start) / max(area.width, 1)
        self._held, self._moved = event.x, True
        self.post_message(self.Dragged(steps))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        held, self._held = self._held, None
        self.release_mouse()
        if held is not None and not self._moved and (step := self._step_at(event)) is not None:
            self.post_message(self.Pointed(round(step)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._zoom(_WHEEL, event)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._zoom(1 / _WHEEL, event)

    def _zoom(self, factor: float, event: events.MouseEvent) -> None:
        event.stop()
        if (step := self._step_at(event)) is not None:
            self.post_message(self.Zoomed(factor, step))

    def _step_at(self, event: events.MouseEvent) -> float | None:
        return None if self.chart is None else self.chart.area.step_at(self._column(event))

    def _column(self, event: events.MouseEvent) -> int:
        return event.x - self.content_offset.x
