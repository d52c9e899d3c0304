"""Reading a run on a screen: its curves and its samples, at one and the same step."""

from __future__ import annotations

from textual import on

from ganterm.tui.screens.steering import SteeringScreen
from ganterm.tui.widgets.chart_panel import ChartPanel
from ganterm.tui.widgets.preview import Preview


class WatchingScreen(SteeringScreen):
    """A screen that has the charts and the samples of one run."""

    @property
    def charts(self) -> ChartPanel:
        """The charts."""
        return self.query_one(ChartPanel)

    @property
    def samples(self) -> Preview:
        """The samples."""
        return self.query_one(Preview)

    @on(ChartPanel.WindowMoved)
    def _read_samples(self, event: ChartPanel.WindowMoved) -> None:
        self.samples.go_to(event.window.cursor)

    @on(Preview.ScrubbedTo)
    def _read_charts(self, event: Preview.ScrubbedTo) -> None:
        self.charts.point_at(event.step)

    # Charts

    def cursor_left(self) -> None:
        """Read earlier; in the samples' pane, see those before."""
        if self.samples.has_focus_within:
            self.samples.scrub(-1)
        else:
            self.charts.point(-1)

    def cursor_right(self) -> None:
        """Read later; in the samples' pane, see those after."""
        if self.samples.has_focus_within:
            self.samples.scrub(1)
        else:
            self.charts.point(1)

    # Samples
