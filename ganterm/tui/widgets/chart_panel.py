"""The charts of a run: one or two of them at a time, over the same steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from ganterm.render.chart import Mark, View
from ganterm.render.text import safe_text
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.watch.charts import KINDS, ChartKind, kinds_of
from ganterm.tui.watch.window import Window
from ganterm.tui.widgets.chart import Drawing, StepChart
from ganterm.tui.widgets.choice_line import ChoiceLine

SMOOTHING: Final = (0.0, 0.6, 0.9, 0.97)
_TWO: Final = 30
"""Lines from which there is room for two charts."""
_PAN: Final = 0.25


class ChartPanel(Vertical, can_focus=True):
    """Shows what a feed has, in a `Window` that others may move as well.

    Attributes:
        window: the steps shown, and the one that is read.
        kind: the chart that is shown; where there is room, the next one stands below.
    """

    DEFAULT_CSS = """
    ChartPanel {
        StepChart { height: 1fr; padding: 0 1; }
    }
    """

    @dataclass
    class WindowMoved(Message):
        """Other steps are shown, or another one is read."""

        window: Window

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.window = Window()
        self.kind: ChartKind = KINDS[0]
        self.log_scale = False
        self.outliers = True
        self._smoothing = 0
        self._feed: RunFeed | None = None

    @property
    def smoothing(self) -> float:
        """Weight of the moving average."""
        return SMOOTHING[self._smoothing]

    @property
    def last(self) -> int:
        """The last step of the run."""
        return self._feed.step if self._feed else 0

    first_chart = getters.query_one("#chart", StepChart)

    def compose(self) -> ComposeResult:
        yield ChoiceLine()
        yield StepChart(id="chart")
        yield StepChart(id="second-chart")

    def on_resize(self) -> None:
        if self._has_room_for_two != self.query_one("#second-chart").display:
            self._draw()

    def show(self, feed: RunFeed | None) -> None:
        """Show a run as it stands; None before it is known."""
        if feed is not self._feed:
            self.window = Window()
        self._feed = feed
        self.window = self.window.kept(self.last)
        self._draw()

    # What can be done

    def turn(self, by: int) -> None:
        """Show another chart."""
        kinds = kinds_of(self._feed)
        at = kinds.index(self.kind) if self.kind in kinds else 0
        self.kind = kinds[(at + by) % len(kinds)]
        self._draw()

    def move(self, window: Window) -> None:
        """Show other steps, or read at another one; tell it."""
        if window != self.window:
            self.window = window
            self._draw()
            self.post_message(self.WindowMoved(window))

    def zoom(self, factor: float, about: float | None = None) -> None:
        """Show `factor` times as many steps."""
        self.move(self.window.zoomed(factor, self.last, about))

    def show_all(self) -> None:
        """Show the whole run."""
        self.move(self.window.whole())

    def pan(self, direction: int) -> None:
        """Show earlier steps (-1) or later ones (1)."""
        start, stop = self.window.bounds(self.last)
        self.move(self.window.panned(direction * (stop - start) * _PAN, self.last))

    def point(self, columns: int) -> None:
        """Read so many columns further right, or left; from the newest step if none is read."""
        chart = self.first_chart.chart
        width = chart.area.width if chart else 1
        start, stop = self.window.bounds(self.last)
        cursor = self.last if self.window.cursor is None else self.window.cursor
        steps = round(columns * (stop - start) / max(width, 1)) or (1 if columns > 0 else -1)
        self.point_at(cursor + steps)

    def point_at(self, step: int | None) -> None:
        """Read at a step; None reads at the newest."""
        self.move(self.window.pointed(step, self.last))

    def point_at_event(self) -> None:
        """Read at the event before the step that is read; before the first comes the last."""
        steps = sorted({mark.step for mark in self._events() if mark.step < self.last})
        cursor = self.last if self.window.cursor is None else self.window.cursor
        earlier = [step for step in steps if step < cursor]
        if steps:
            self.point_at((earlier or steps)[-1])

    def smooth(self) -> None:
        """Smooth more, and at last not at all."""
        self._smoothing = (self._smoothing + 1) % len(SMOOTHING)
        self._draw()

    def toggle_log(self) -> None:
        """Switch the logarithmic scale."""
        self.log_scale = not self.log_scale
        self._draw()

    def toggle_outliers(self) -> None:
        """Let the axis hold every value, or only those that are not far out."""
        self.outliers = not self.outliers
        self._draw()

    @on(ChoiceLine.Chosen)
    def _choose(self, event: ChoiceLine.Chosen) -> None:
        event.stop()
        self.kind = kinds_of(self._feed)[event.index]
        self._draw()

    @on(StepChart.Pointed)
    def _point(self, event: StepChart.Pointed) -> None:
        event.stop()
        self.point_at(event.step)

    @on(StepChart.Zoomed)
    def _zoom(self, event: StepChart.Zoomed) -> None:
        event.stop()
        self.zoom(event.factor, event.step)

    @on(StepChart.Dragged)
    def _drag(self, event: StepChart.Dragged) -> None:
        event.stop()
        self.move(self.window.panned(event.steps, self.last))

    # What it looks like

    @property
    def reading(self) -> str:
        """What is read where: the step, and what happened there; empty at the newest."""
        if self.window.cursor is None:
            return ""
        chart = self.first_chart.chart
        area = chart.area if chart else None
        near = (area.stop - area.start) / max(area.width, 1) / 2 if area else 0.5
        at = self.window.cursor
        happened = [
            mark.text
            for mark in self._events()
            if abs(mark.step - at) <= max(near, 0.5) and mark.text
        ]
        said = ", ".join(happened[-2:])
        return safe_text(f"step {at:,}" + (f": {said}" if said else ""))

    @property
    def _has_room_for_two(self) -> bool:
        return self.size.height >= _TWO

    def _events(self) -> list[Mark]:
        """Return what happened but for checkpoints, which come all the time."""
        marks = self._feed.marks if self._feed else []
        return [mark for mark in marks if mark.kind != "checkpoint"]

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        kinds = kinds_of(self._feed)
        if self.kind not in kinds:
            self.kind = kinds[0]
        at = kinds.index(self.kind)
        second = self.query_one("#second-chart", StepChart)
        two = self._has_room_for_two and len(kinds) > 1
        second.display = two
        self._draw_one(self.first_chart, self.kind, self.reading)
        if two:
            self._draw_one(second, kinds[(at + 1) % len(kinds)])
        self.query_one(ChoiceLine).show([kind.name for kind in kinds], at)

    def _manner(self) -> str:
        """Say how the curves are drawn, where that is not as they are."""
        parts = (
            f"smoothed {self.smoothing:g}" if self.smoothing else "",
            "log scale" if self.log_scale else "",
            "" if self.outliers else "without outliers",
        )
        return ", ".join(part for part in parts if part)

    def _draw_one(self, chart: StepChart, kind: ChartKind, reading: str = "") -> None:
        feed = self._feed
        manner = self._manner()
        title = f"{kind.title}, {manner}" if manner else kind.title
        title += f" at {reading}" if reading else ""
        start, stop = self.window.limits(self.last)
        view = View(
            start=start,
            stop=stop,
            log=self.log_scale,
            smoothing=self.smoothing,
            outliers=self.outliers,
            crosshair=self.window.cursor,
        )
        if feed is None:
            chart.show(Drawing(title=title))
            return
        chart.show(Drawing(kind.traces(feed), view, title, kind.compared_with(feed), feed.marks))
