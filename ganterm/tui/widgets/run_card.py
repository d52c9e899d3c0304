"""What there is to see of the run under the cursor: its losses and its newest samples."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal

from ganterm.render.chart import Trace, View
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.widgets.chart import ChartView, Drawing
from ganterm.tui.widgets.thumbnail import Thumbnail

_SMOOTHING: Final = 0.6
_LOSSES: Final = (("g_loss", "G loss"), ("d_loss", "D loss"))


class RunCard(Horizontal):
    """A chart beside a thumbnail."""

    DEFAULT_CSS = """
    RunCard {
        background: $background;
        border-top: solid $line;
        & > ChartView { width: 1fr; padding: 0 1; }
        & > Thumbnail { width: 44%; margin: 0 1; display: none; }
        &.-samples > Thumbnail { display: block; }
    }
    """

    def compose(self) -> ComposeResult:
        """Put the card together."""
        yield ChartView()
        yield Thumbnail()

    def show(self, feed: RunFeed | None) -> None:
        """Show another run, or the same as it stands; None is one still to be read."""
        traces = [
            Trace(title, feed.series[name], style)
            for style, (name, title) in enumerate(_LOSSES)
            if feed and name in feed.series
        ]
        title = feed.run.name if feed else ""
        view = View(smoothing=_SMOOTHING, bands=False)
        self.query_one(ChartView).show(Drawing(traces, view, title))
        samples = feed.samples if feed else []
        self.set_class(bool(samples), "-samples")
        self.query_one(Thumbnail).show_sheet(samples[-1].path if samples else None)
