"""One run as it trains, or as it was: its curves, its samples, its settings, its story."""

from __future__ import annotations

import time
from typing import Final, Literal, get_args

from textual import events, getters, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from ganterm.client.feed import FeedChange, RunFeed
from ganterm.client.overview import Overview, describe
from ganterm.client.wording import STATES
from ganterm.config.ownloop import LOOP
from ganterm.render import words
from ganterm.runs.layout import RunDir
from ganterm.tui.actions import Action
from ganterm.tui.messages import FeedUpdated
from ganterm.tui.screens.panes import PanedScreen
from ganterm.tui.screens.run_actions import Branching, Remedies, RunActions
from ganterm.tui.screens.steering import Steering
from ganterm.tui.widgets.banner import Banner, notice_of
from ganterm.tui.widgets.chart_panel import ChartPanel
from ganterm.tui.widgets.footer import ActionBar, ActionFooter
from ganterm.tui.widgets.live_values import LiveValues
from ganterm.tui.widgets.log_tail import LogTail
from ganterm.tui.widgets.preview import Preview
from ganterm.tui.widgets.progress import ProgressLine, Sparks
from ganterm.tui.widgets.toned import ChoiceLine, Header, LinePart

Pane = Literal["charts", "preview", "steer", "log"]
PANES: Final[tuple[Pane, ...]] = get_args(Pane)
_PAIRS: Final[tuple[tuple[Pane, Pane], ...]] = (("charts", "preview"), ("steer", "log"))
_PAIR_COLUMNS, _PAIR_ROWS = 76, 22
_ALL_COLUMNS, _ALL_ROWS = 100, 34
_TWO_ROWS_OF_SPARKS: Final = 24
"""Lines from which there is room for a second row of sparklines."""

_STEERING: Final = (
    *("pause", "edit_value", "undo", "checkpoint", "sample", "stop", "branch", "resume"),
)
_OF_TRAINING: Final = frozenset(
    {
        *("pause", "stop", "checkpoint", "sample"),
        *("raise_value", "lower_value", "next_value", "edit_value", "undo"),
    }
)
"""What is only for a run that trains."""
_EVERYTHING: Final = FeedChange(rewound=True)


Arrangement = Literal["all", "pair", "one"]


def arranged(
    columns: int, rows: int, active: Pane, *, alone: bool
) -> tuple[Arrangement, tuple[Pane, ...]]:
    """Return which panes a screen shows, `active` among them; `alone` gives it all the room."""
    if alone or columns < _PAIR_COLUMNS or rows < _PAIR_ROWS:
        return "one", (active,)
    if columns < _ALL_COLUMNS or rows < _ALL_ROWS:
        return "pair", next(pair for pair in _PAIRS if active in pair)
    return "all", PANES


class MonitorScreen(PanedScreen[Pane]):
    """The run that the app watches."""

    panes = PANES
    PANE_WORDS = ("1 charts", "2 samples", "3 steering", "4 log")

    SCOPE = "monitor"
    CSS_PATH = "monitor.tcss"
    AUTO_FOCUS = "#charts"

    charts = getters.query_one(ChartPanel)
    samples = getters.query_one(Preview)
    values = getters.query_one(LiveValues)

    def __init__(self) -> None:
        super().__init__()
        self.steering = Steering(self)
        self.remedies = Remedies(self, self.steering.set_live)
        self.branching = Branching(self)
        self.actions = RunActions(self, self._overview)
        self._state: tuple[str, bool, bool] | None = None

    def compose(self) -> ComposeResult:
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
        self.app.feed_signal.subscribe(self, self._follow)
        self.app.watched_signal.subscribe(self, self._turn_to)
        self.set_interval(1.0, self.update_times)

    def on_screen_resume(self) -> None:
        self._turn_to(self.app.watched)

    @property
    def feed(self) -> RunFeed | None:
        """The run; None before its history has been read."""
        return self.app.feed(self.app.watched)

    def _overview(self) -> Overview | None:
        feed = self.feed
        return describe(feed.view, feed.config, {}, 0) if feed else None

    def _turn_to(self, run: RunDir | None) -> None:
        """Show a run, with nothing of the one before; of one that was left, no answer was heard."""
        feed = self.feed
        if feed is None or run != self.steering.steered:
            self.steering.turn_to(run)
        if self.is_seen:
            self._show(feed, _EVERYTHING)

    # What it shows

    def _follow(self, news: FeedUpdated) -> None:
        if news.feed.run != self.app.watched:
            return
        self.steering.take(news.change.records)
        if self.is_current or self.is_active:
            self._show(news.feed, news.change)

    def _show(self, feed: RunFeed | None, change: FeedChange) -> None:
        if feed is not None:
            self.query_one(Header).show(*title_parts(feed))
        self.update_times()
        drawn = change.metrics or change.marks or change.settings or change.rewound
        if drawn:
            self.query_one(Sparks).show(feed)
        if self.charts.display and drawn:
            self.charts.show(feed)
        self.samples.show(feed)
        self.steering.show()
        self.query_one(LogTail).show(feed, self.steering.said)

    def update_times(self) -> None:
        """Bring what changes with the time alone up to date."""
        feed = self.feed
        state = (feed.view.state, feed.paused, bool(feed.standing)) if feed else None
        if state != self._state:
            self._state = state
            self.refresh_bindings()
        if feed is None and (run := self.app.watched) is not None:
            share = self.app.poller.share(run)
            words = f"reading its history …{f' {share:.0%}' if share else ''}"
            self.query_one(Header).show(LinePart(run.name, "title", 9), LinePart(words, "muted"))
        self.query_one(ProgressLine).show(feed)
        self.query_one(Banner).show(notice_of(feed, time.time()) if feed else None)

    def on_resize(self, event: events.Resize) -> None:
        # The panes share what the sparklines leave.
        self.set_class(event.size.height >= _TWO_ROWS_OF_SPARKS, "-two-rows")

    def divide(self) -> None:
        kind, panes = arranged(*self.size, self.active, alone=self.alone)
        lower = kind == "pair" and "steer" in panes
        # All classes at once: each change of them finds the styles of everything inside anew.
        self.query_one("#body").set_classes(f"-{kind}" + (" -lower" if lower else ""))
        self.name_panes().display = kind != "all"
        drawn = self.charts.display
        for pane in PANES:
            self.query_one(f"#{pane}").display = pane in panes
        if self.charts.display and not drawn:
            self.charts.show(self.feed)

    # Charts and samples at one and the same step

    @on(ChartPanel.WindowMoved)
    def _read_samples(self, event: ChartPanel.WindowMoved) -> None:
        self.samples.go_to(event.window.cursor)

    @on(Preview.ScrubbedTo)
    def _read_charts(self, event: Preview.ScrubbedTo) -> None:
        self.charts.point_at(event.step)

    def step(self, by: int) -> None:
        """Read the charts later or earlier; in the samples' pane, see others of those."""
        if self.samples.has_focus_within:
            self.samples.scrub(by)
        else:
            self.charts.point(by)

    # What can be done

    def applies(self, action: str) -> bool:
        feed = self.feed
        if feed is None:
            return True
        if action in _OF_TRAINING:
            return feed.view.alive is not False
        if action in {"remedy", "remedies"}:
            return bool(feed.troubles)
        if action == "branch":
            return LOOP not in (feed.config or {})
        if action == "resume":
            return feed.view.alive is not True or feed.paused
        return True

    def called(self, action: Action) -> str:
        """Call a pause what it is: the same key ends it."""
        paused = self.feed is not None and self.feed.paused
        return "go on" if action.id == "pause" and paused else super().called(action)

    @on(LiveValues.Nudged)
    def _nudge(self, event: LiveValues.Nudged) -> None:
        self.steering.nudge(event.key, event.up)

    @on(LiveValues.Edited)
    def _edit(self) -> None:
        self.steering.edit()

    def nudge(self, up: bool) -> None:
        self.steering.nudge(self.values.key, up)

    def resume(self) -> None:
        """Go on after a pause; train a run on that has no worker."""
        feed = self.feed
        if feed and self.steering.pending.will_pause(feed.paused):
            self.steering.order(feed.run, "resume")
        elif feed and feed.view.alive:
            self.app.say(f"{feed.run.name} is training.")
        elif feed and feed.view.alive is None:
            self.app.say(f"It cannot be told from here whether {feed.run.name} is training.")
        else:
            self.actions.resume()

    def apply_remedy(self) -> None:
        if feed := self.feed:
            self.remedies.apply_first(feed)

    def choose_remedy(self) -> None:
        if feed := self.feed:
            self.remedies.choose(feed)

    def branch(self) -> None:
        if feed := self.feed:
            self.branching.ask(feed, self.charts.window.cursor)

    def judge(self) -> None:
        if self.app.watched is not None:
            self.app.judge_run(self.app.watched)

    def explore(self) -> None:
        if self.app.watched is not None:
            self.app.explore_run(self.app.watched)

    def leave(self) -> None:
        """Go one step back: to the newest, to all panes, to the runs."""
        if self.samples.pair.unzoom():
            return
        if self.charts.window.cursor is not None:
            self.charts.point_at(None)
        elif self.alone:
            self.toggle_alone()
        else:
            self.app.show_runs()


def title_parts(feed: RunFeed) -> list[LinePart]:
    """Return the run, its state, how far it is, how fast and how long still."""
    sign, tone = STATES[feed.view.state]
    step = f"{feed.step:,}/{feed.steps:,}" if feed.steps else f"{feed.step:,}"
    speed, left = feed.images_per_s, feed.eta_seconds
    return [
        LinePart(feed.run.name, "title", 9),
        LinePart(f"{sign} {feed.view.state}", tone, 8),
        LinePart(f"step {step}", "text", 7),
        LinePart(f"{speed:,.0f} images/s" if speed else "", "text", 5),
        LinePart(f"{words.duration(left)} left" if left is not None else "", "text", 6),
        LinePart(feed.device, "muted", 2),
    ]
