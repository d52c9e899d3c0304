"""A chart over the steps of a run that answers the mouse."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from ganterm.tui.widgets.chart import ChartView

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
        """Begin to drag, or to point."""
        self._held, self._moved = event.x, False
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the window along."""
        if self._held is None or self.chart is None or event.x == self._held:
            return
        area = self.chart.area
        steps = (self._held - event.x) * (area.stop - area.start) / max(area.width, 1)
        self._held, self._moved = event.x, True
        self.post_message(self.Dragged(steps))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Point, unless the window was dragged."""
        held, self._held = self._held, None
        self.release_mouse()
        if held is not None and not self._moved and (step := self._step_at(event)) is not None:
            self.post_message(self.Pointed(round(step)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in where the pointer is."""
        self._zoom(_WHEEL, event)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out."""
        self._zoom(1 / _WHEEL, event)

    def _zoom(self, factor: float, event: events.MouseEvent) -> None:
        event.stop()
        if (step := self._step_at(event)) is not None:
            self.post_message(self.Zoomed(factor, step))

    def _step_at(self, event: events.MouseEvent) -> float | None:
        return None if self.chart is None else self.chart.area.step_at(self._column(event))

    def _column(self, event: events.MouseEvent) -> int:
        return event.x - self.content_offset.x
