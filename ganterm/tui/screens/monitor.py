"""One run as it trains, or as it was: its curves, its samples, its settings, its story."""

from __future__ import annotations

import time

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from ganterm.runs.layout import RunDir
from ganterm.tui.feed.change import FeedChange
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.messages import FeedUpdated
from ganterm.tui.screens.healing import HealingScreen
from ganterm.tui.screens.panes import PanedScreen
from ganterm.tui.watch.panes import PANES, Pane, arranged
from ganterm.tui.widgets.action_bar import ActionBar
from ganterm.tui.widgets.banner import Banner, notice_of
from ganterm.tui.widgets.chart_panel import ChartPanel
from ganterm.tui.widgets.choice_line import ChoiceLine
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.header import Header, Part
from ganterm.tui.widgets.live_values import LiveValues
from ganterm.tui.widgets.log_tail import LogTail
from ganterm.tui.widgets.preview import Preview
from ganterm.tui.widgets.progress import ProgressLine
from ganterm.tui.widgets.sparks import Sparks
from ganterm.tui.widgets.words import title_parts

_STEERING = ("pause", "edit_value", "undo", "checkpoint", "sample", "stop", "branch", "resume")
_TWO_ROWS_OF_SPARKS = 24
"""Lines from which there is room for a second row of sparklines."""
_EVERYTHING = FeedChange(rewound=True)


class MonitorScreen(PanedScreen[Pane], HealingScreen):
    """The run that the app watches."""

    panes = PANES
    PANE_WORDS = ("1 charts", "2 samples", "3 steering", "4 log")

    SCOPE = "monitor"
    CSS_PATH = "monitor.tcss"
    AUTO_FOCUS = "#charts"

    def __init__(self) -> None:
        super().__init__()
        self._state: tuple[str, bool] | None = None

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        charset = self.app.options.canvas.charset
        yield Header()
        yield ProgressLine(charset=charset)
        yield Sparks(charset=charset)
        yield Banner()
        yield ChoiceLine(id="panes")
        with Container(id="body"):
            yield ChartPanel(id="charts")
            yield Preview(id="preview")
            with Vertical(id="steer"):
                yield ActionBar("monitor", _STEERING)
                yield LiveValues()
            yield LogTail(id="log")
        yield ActionFooter("monitor")

    def on_mount(self) -> None:
        """Follow the run."""
        self.app.feed_signal.subscribe(self, self._follow)
        self.app.watched_signal.subscribe(self, self._turn_to)
        self.set_interval(1.0, self.grow_older)

    def on_screen_resume(self) -> None:
        """Show what is known of the run."""
        self._turn_to(self.app.watched)

    def _turn_to(self, run: RunDir | None) -> None:
        """Show a run, with nothing of the one before; of one that was left, no answer was heard."""
        feed = self.feed
        if feed is None or run != self.steered:
            self.steer(run)
        if self.is_seen:
            self._show(feed, _EVERYTHING)

    # What it shows

    def _follow(self, news: FeedUpdated) -> None:
        if news.feed.run != self.app.watched:
            return
        self.hear(news.change.records)
        if self.is_current or self.is_active:
            self._show(news.feed, news.change)

    def _show(self, feed: RunFeed | None, change: FeedChange) -> None:
        watched = self.app.watched
        if feed is not None:
            self.query_one(Header).show(*title_parts(feed))
        elif watched is not None:
            self.query_one(Header).show(
                Part(watched.name, "title", 9), Part("reading its history …", "muted")
            )
        self.grow_older()
        drawn = change.metrics or change.marks or change.settings or change.rewound
        if drawn:
            self.query_one(Sparks).show(feed)
        if self.charts.display and drawn:
            self.charts.show(feed)
        self.samples.show(feed)
        self.show_orders()
        self.query_one(LogTail).show(feed, self.said)

    def grow_older(self) -> None:
        """Say anew what changes with the time alone."""
        feed = self.feed
        state = (feed.view.state, bool(feed.standing)) if feed else None
        if state != self._state:
            self._state = state
            self.refresh_bindings()
        self.query_one(ProgressLine).show(feed)
        self.query_one(Banner).show(notice_of(feed, time.time()) if feed else None)

    # Panes

    def on_resize(self, event: events.Resize) -> None:
        """Give the sparklines as many rows as there is room for; the panes share what is left."""
        self.set_class(event.size.height >= _TWO_ROWS_OF_SPARKS, "-two-rows")

    def divide(self) -> None:
        """Show the panes that there is room for."""
        size = self.size
        arrangement = arranged(size.width, size.height, self.active, alone=self.alone)
        lower = arrangement.kind == "pair" and "steer" in arrangement.panes
        # All classes at once: each change of them finds the styles of everything inside anew.
        self.query_one("#body").set_classes(f"-{arrangement.kind}" + (" -lower" if lower else ""))
        self.name_panes().display = arrangement.kind != "all"
        drawn = self.charts.display
        for pane in PANES:
            self.query_one(f"#{pane}").display = pane in arrangement.panes
        if self.charts.display and not drawn:
            self.charts.show(self.feed)

    def judge(self) -> None:
        """See how good the run is."""
        if self.app.watched is not None:
            self.app.judge_run(self.app.watched)

    def explore_run(self) -> None:
        """Walk in the space behind the run's generator."""
        if self.app.watched is not None:
            self.app.explore_run(self.app.watched)

    def leave(self) -> None:
        """Go one step back: to the newest, to all panes, to the runs."""
        if self.samples.unzoom():
            return
        if self.charts.window.cursor is not None:
            self.charts.point_at(None)
        elif self.alone:
            self.toggle_alone()
        else:
            self.app.show_runs()
