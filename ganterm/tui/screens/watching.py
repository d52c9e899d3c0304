"""Reading a run on a screen: its curves and its samples, at one and the same step."""

from __future__ import annotations

from typing import Final

from textual import on

from ganterm.tui.screens.steering import SteeringScreen
from ganterm.tui.widgets.chart_panel import ChartPanel
from ganterm.tui.widgets.preview import Preview

_ZOOM: Final = 0.5


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

    def action_next_chart(self) -> None:
        """Draw the next chart."""
        self.charts.turn(1)

    def action_previous_chart(self) -> None:
        """Draw the chart before."""
        self.charts.turn(-1)

    def action_cursor_left(self) -> None:
        """Read earlier; in the samples' pane, see those before."""
        if self.samples.has_focus_within:
            self.samples.scrub(-1)
        else:
            self.charts.point(-1)

    def action_cursor_right(self) -> None:
        """Read later; in the samples' pane, see those after."""
        if self.samples.has_focus_within:
            self.samples.scrub(1)
        else:
            self.charts.point(1)

    def action_first_step(self) -> None:
        """Read at the first step."""
        self.charts.point_at(0)

    def action_newest_step(self) -> None:
        """Read at the newest step."""
        self.charts.point_at(None)

    def action_event(self) -> None:
        """Read where something happened before."""
        self.charts.point_at_event()

    def action_zoom_in(self) -> None:
        """Show fewer steps."""
        self.charts.zoom(_ZOOM)

    def action_zoom_out(self) -> None:
        """Show more steps."""
        self.charts.zoom(1 / _ZOOM)

    def action_zoom_all(self) -> None:
        """Show all steps."""
        self.charts.move(self.charts.window.whole())

    def action_pan_left(self) -> None:
        """Move to earlier steps."""
        self.charts.pan(-1)

    def action_pan_right(self) -> None:
        """Move to later steps."""
        self.charts.pan(1)

    def action_smooth(self) -> None:
        """Smooth more, and at last not at all."""
        self.charts.smooth()

    def action_log_scale(self) -> None:
        """Switch the logarithmic scale."""
        self.charts.toggle_log()

    def action_outliers(self) -> None:
        """Leave outliers outside, or not."""
        self.charts.toggle_outliers()

    # Samples

    def action_film(self) -> None:
        """Play the samples through the history, or stop."""
        self.samples.toggle_film()

    def action_earlier_samples(self) -> None:
        """See the samples before."""
        self.samples.scrub(-1)

    def action_later_samples(self) -> None:
        """See the samples after."""
        self.samples.scrub(1)

    def action_real(self) -> None:
        """Show real data beside, or not."""
        self.samples.toggle_real()

    def action_image(self) -> None:
        """Show one image alone, or all again."""
        self.samples.zoom()

    def action_next_image(self) -> None:
        """Show the image after."""
        self.samples.step_image(1)

    def action_previous_image(self) -> None:
        """Show the image before."""
        self.samples.step_image(-1)

    def action_colours(self) -> None:
        """Paint the samples in other colours."""
        self.samples.next_tint()

    def action_contrast(self) -> None:
        """Paint the samples with another contrast."""
        self.samples.next_contrast()
