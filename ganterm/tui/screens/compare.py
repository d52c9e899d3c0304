"""Several runs over one another, and where their settings differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult

from ganterm.overview import settings_of
from ganterm.render.chart import STYLES, Trace, View
from ganterm.render.chart.glyphs import GLYPHS, trace_glyph
from ganterm.tui.actions import bindings
from ganterm.tui.app import FeedUpdated
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.screens.base import AppScreen
from ganterm.tui.widgets.chart import ChartView, Drawing
from ganterm.tui.widgets.diff_table import DiffTable, Subject
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.header import Header, Part

QUANTITIES: Final = {
    "g_loss": "G loss",
    "d_loss": "D loss",
    "d_real": "D(x)",
    "d_fake": "D(G(z))",
    "acc_real": "accuracy on real",
    "acc_fake": "accuracy on fake",
    "wasserstein": "Wasserstein estimate",
    "penalty": "penalty",
    "grad_norm_g": "gradient norm of G",
    "grad_norm_d": "gradient norm of D",
    "diversity": "diversity",
    "modes": "modes of the ring",
    "images_per_s": "images/s",
}
"""What runs are compared by, and how it is called."""

SMOOTHING: Final = (0.0, 0.6, 0.9, 0.97)


class CompareScreen(AppScreen):
    """The runs that were marked."""

    SCOPE = "compare"
    BINDINGS = bindings("compare")
    CSS_PATH = "compare.tcss"
    AUTO_FOCUS = "DiffTable"

    def __init__(self) -> None:
        super().__init__()
        self._quantity = "g_loss"
        self._log = False
        self._smoothing = 0
        self._everything = False

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Header([Part("Comparing runs", "title", 9)])
        yield ChartView()
        yield DiffTable()
        yield ActionFooter("compare")

    def on_mount(self) -> None:
        """Follow the runs."""
        self.ganterm.feed_signal.subscribe(self, self._follow)

    def on_screen_resume(self) -> None:
        """Show what is known of the runs; they may be others than before."""
        self._show()

    def _follow(self, news: FeedUpdated) -> None:
        if news.feed.run in self.ganterm.compared and self.is_current:
            self._show()

    @property
    def feeds(self) -> list[RunFeed | None]:
        """What is known of the runs, in their order; None for one still to be read."""
        return [self.ganterm.feed(run) for run in self.ganterm.compared]

    @property
    def quantities(self) -> list[str]:
        """What can be drawn: what any of the runs has measured."""
        known = {name for feed in self.feeds if feed for name in feed.series}
        return [name for name in QUANTITIES if name in known] or ["g_loss"]

    def _show(self) -> None:
        feeds = self.feeds
        names = self.quantities
        if self._quantity not in names:
            self._quantity = names[0]
        self._show_header(feeds, names)
        traces = [
            Trace(feed.run.name, feed.series[self._quantity], style)
            for style, feed in enumerate(feeds)
            if feed and self._quantity in feed.series
        ]
        view = View(log=self._log, smoothing=SMOOTHING[self._smoothing], bands=False)
        title = QUANTITIES[self._quantity]
        self.query_one(ChartView).show(Drawing(traces, view, title))
        self.query_one(DiffTable).show(self._subjects(feeds), everything=self._everything)

    def _show_header(self, feeds: Sequence[RunFeed | None], names: Sequence[str]) -> None:
        unread = sum(feed is None for feed in feeds)
        at = names.index(self._quantity) + 1
        smoothing = SMOOTHING[self._smoothing]
        self.query_one(Header).show(
            Part(f"Comparing {len(feeds)} runs", "title", 9),
            Part(f"reading {unread} more …" if unread else "", "muted", 5),
            Part(f"{QUANTITIES[self._quantity]} ({at} of {len(names)})", "text", 8),
            Part("log scale" if self._log else "", "text", 7),
            Part(f"smoothed {smoothing:g}" if smoothing else "", "text", 6),
        )

    def _subjects(self, feeds: Sequence[RunFeed | None]) -> list[Subject]:
        glyphs = GLYPHS[self.ganterm.options.canvas.charset]
        return [
            Subject(
                run.name,
                feed.config if feed and feed.config else settings_of(run),
                feed.start_config if feed else {},
                trace_glyph(glyphs, index),
                index % STYLES,
            )
            for index, (run, feed) in enumerate(zip(self.ganterm.compared, feeds, strict=True))
        ]

    # What can be done

    def _turn(self, by: int) -> None:
        names = self.quantities
        self._quantity = names[(names.index(self._quantity) + by) % len(names)]
        self._show()

    def action_next_quantity(self) -> None:
        """Draw the next quantity."""
        self._turn(1)

    def action_previous_quantity(self) -> None:
        """Draw the quantity before."""
        self._turn(-1)

    def action_log_scale(self) -> None:
        """Switch the logarithmic scale."""
        self._log = not self._log
        self._show()

    def action_smooth(self) -> None:
        """Smooth more, and at last not at all."""
        self._smoothing = (self._smoothing + 1) % len(SMOOTHING)
        self._show()

    def action_all_settings(self) -> None:
        """Show the settings that agree as well, or only those that differ."""
        self._everything = not self._everything
        self._show()

    def action_leave(self) -> None:
        """Go back to the runs."""
        self.ganterm.show_runs()
