"""The charts of a run: one or two of them at a time, over the same steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from ganterm.client.charts import KINDS, ChartKind, kinds_of
from ganterm.client.feed import RunFeed, run_of
from ganterm.render.chart import Mark, View
from ganterm.render.text import safe_text
from ganterm.tui.widgets.chart import Drawing, StepChart
from ganterm.tui.widgets.toned import ChoiceLine

LEAST = 4.0
"""Steps that a window has at least."""
_NOT_ALL = 0.98


@dataclass(frozen=True)
class Window:
    """A stretch of a run's steps that can be moved about.

    Attributes:
        span: how many steps it holds; None for the whole run.
        stop: its last step; None for the newest there is, so that it moves on with the run.
        cursor: the step at which values are read and samples shown; None for the newest.
    """

    span: float | None = None
    stop: float | None = None
    cursor: int | None = None

    def bounds(self, last: int) -> tuple[float, float]:
        """Return its first and last step in a run that has come to the step `last`."""
        end = max(float(last), LEAST)
        if self.span is None:
            return 0.0, end
        span = min(max(self.span, LEAST), end)
        stop = end if self.stop is None else min(max(self.stop, span), end)
        return stop - span, stop

    def limits(self, last: int) -> tuple[float | None, float | None]:
        """Return its first and last step, None for an end that is the run's own."""
        if self.span is None:
            return None, None
        start, stop = self.bounds(last)
        return start, stop

    def zoomed(self, factor: float, last: int, about: float | None = None) -> Window:
        """Show `factor` times as many steps; what stands at `about` stays where it is.

        By default that is the cursor if it can be seen; a window at the run's end stays there, and
        one somewhere else keeps its middle.
        """
        start, stop = self.bounds(last)
        span = (stop - start) * factor
        if span >= max(last, LEAST) * _NOT_ALL:
            return replace(self, span=None, stop=None)
        span = max(span, LEAST)
        if about is None and self.cursor is not None and start <= self.cursor <= stop:
            about = self.cursor
        if about is None:
            about = stop if self.stop is None else (start + stop) / 2
        share = (about - start) / (stop - start)
        return self._at(about + span * (1 - share), span, last)

    def panned(self, steps: float, last: int) -> Window:
        """Show as many steps, so much later (or earlier); the end of the run holds it."""
        if self.span is None:
            return self
        start, stop = self.bounds(last)
        return self._at(stop + steps, stop - start, last)

    def pointed(self, cursor: int | None, last: int) -> Window:
        """Read at a step, and show it; at the end of the run, and with None, at the newest."""
        cursor = None if cursor is None else max(cursor, 0)
        if cursor is None or cursor >= last:
            return replace(self, cursor=None, stop=None)
        start, stop = self.bounds(last)
        if self.span is not None and not start <= cursor <= stop:
            stop = cursor + (stop - start) / 2
            return replace(self._at(stop, self.span, last), cursor=cursor)
        return replace(self, cursor=cursor)

    def whole(self) -> Window:
        return replace(self, span=None, stop=None)

    def kept(self, last: int) -> Window:
        """Return the window for a run that may have gone back to the step `last`."""
        if self.cursor is not None and self.cursor > last:
            return replace(self, cursor=None, stop=None)
        return self

    def _at(self, stop: float, span: float, last: int) -> Window:
        stop = max(stop, span)
        return replace(self, span=span, stop=None if stop >= last else stop)


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
        if run_of(feed) != run_of(self._feed):
            self.window = Window()
        self._feed = feed
        self.window = self.window.kept(self.last)
        self._draw()

    # What can be done

    def turn(self, by: int) -> None:
        kinds = kinds_of(self._feed)
        self.kind = kinds[(self._place_in(kinds) + by) % len(kinds)]
        self._draw()

    def move(self, window: Window) -> None:
        """Show other steps, or read at another one; tell it."""
        if window != self.window:
            self.window = window
            self._draw()
            self.post_message(self.WindowMoved(window))

    def zoom(self, factor: float, about: float | None = None) -> None:
        self.move(self.window.zoomed(factor, self.last, about))

    def show_all(self) -> None:
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
        at = self._place_in(kinds)
        self.kind = kinds[at]
        second = self.query_one("#second-chart", StepChart)
        two = self._has_room_for_two and len(kinds) > 1
        second.display = two
        self._draw_one(self.first_chart, self.kind, self.reading)
        if two:
            self._draw_one(second, kinds[(at + 1) % len(kinds)])
        self.query_one(ChoiceLine).show([safe_text(kind.name) for kind in kinds], at)

    def _place_in(self, kinds: Sequence[ChartKind]) -> int:
        """Return which of the charts there are is shown; it may draw more than it did."""
        names = [kind.name for kind in kinds]
        return names.index(self.kind.name) if self.kind.name in names else 0

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
        title = safe_text(kind.title) + (f", {manner}" if manner else "")
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
