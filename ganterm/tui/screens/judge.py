"""How good a run is: its scores by its judge, its classes, its best and worst, other runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static
from textual.worker import get_current_worker

from ganterm.client.comparison import JudgedRuns, RunStanding
from ganterm.client.feed import RunFeed, StepFile
from ganterm.client.scores import classes_of, judge_words, judgements, judges_of
from ganterm.components.scores import MAIN, scored
from ganterm.core.records import JudgedRecord
from ganterm.render.text import safe_text
from ganterm.runs.layout import RunDir
from ganterm.tui.actions import TABLE
from ganterm.tui.messages import FeedUpdated
from ganterm.tui.score_lines import class_lines, run_lines
from ganterm.tui.screens.judging import JudgeRequests, nothing_words
from ganterm.tui.screens.panes import PanedScreen
from ganterm.tui.widgets.chart import StepChart
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.judge_panels import Extremes, ScoreList, ScorePanel
from ganterm.tui.widgets.row_list import StyledLines
from ganterm.tui.widgets.task_bar import TaskBar
from ganterm.tui.widgets.toned import ChoiceLine, Header, LinePart, PartLine

_OF_JUDGEMENTS: Final = frozenset(action.id for action in TABLE["judge"]) - {
    "judge",
    "judge_all",
    "judge_with",
    "break_off",
    "watch",
    "leave",
}
"""What can be done only where there is a judgement."""


Pane = Literal["scores", "classes", "pictures", "others"]
PANES: Final[tuple[Pane, ...]] = get_args(Pane)
_ALL_COLUMNS, _ALL_ROWS = 100, 34
"""The least screen that has room for every pane."""
_WIDE_COLUMNS: Final = 150
"""From here on two images fit side by side, twice, in less than half of the screen."""


class JudgeScreen(PanedScreen[Pane]):
    """The judgements of the run that is watched.

    Attributes:
        score: the score that is drawn.
        looked_at: the step and number of images of the judgement shown; None follows the newest.
    """

    panes = PANES
    PANE_WORDS = ("1 scores", "2 classes", "3 pictures", "4 runs")
    SCOPE = "judge"
    CSS_PATH = "judge.tcss"
    AUTO_FOCUS = "#scores"

    bar = getters.query_one(TaskBar)
    pictures = getters.query_one(Extremes)

    def __init__(self) -> None:
        super().__init__()
        self.requests = JudgeRequests(self)
        self.score = MAIN
        self.looked_at: tuple[int, int] | None = None
        self._judge: str | None = None
        self._log = False
        self._run: RunDir | None = None
        self._judged_runs = JudgedRuns()
        self._others: list[RunStanding] = []

    def compose(self) -> ComposeResult:
        yield Header()
        yield PartLine(id="verdict")
        yield TaskBar()
        yield ChoiceLine(id="panes")
        yield Static("", id="nothing")
        with Container(id="body"):
            with Vertical(id="figures"):
                yield ScorePanel(id="scores")
                yield StyledLines(id="others")
            with Vertical(id="images"):
                yield Extremes(id="pictures")
                yield StyledLines(id="classes")
        yield ActionFooter("judge")

    def on_mount(self) -> None:
        self.app.feed_signal.subscribe(self, self._follow)
        self.app.watched_signal.subscribe(self, self._turn_to)

    def on_screen_resume(self) -> None:
        self._turn_to()

    def _turn_to(self, _run: RunDir | None = None) -> None:
        if not self.is_seen:
            return
        if self._run != self.app.watched:
            self._run, self.looked_at, self._judge = self.app.watched, None, None
            self._others = []
            self.bar.here = self._run.name if self._run else ""
            self.bar.update_progress()
            for lines in self.query(StyledLines):
                lines.scroll_home(animate=False)
        self._show()
        self.read_others()

    # What it shows

    def divide(self) -> None:
        size = self.size
        judged = bool(self.query_one("#body").display)
        every = not self.alone and size.width >= _ALL_COLUMNS and size.height >= _ALL_ROWS
        self.query_one("#body").set_class(every, "-all")
        self.query_one("#body").set_class(size.width >= _WIDE_COLUMNS, "-wide")
        self.name_panes().display = judged and not every
        for pane in PANES:
            self.query_one(f"#{pane}").display = every or pane == self.active
        for column in self.query("#body > Vertical"):
            column.display = any(pane.display for pane in column.children)

    @property
    def feed(self) -> RunFeed | None:
        """The run; None before its history has been read."""
        return self.app.feed(self.app.watched)

    @property
    def records(self) -> list[JudgedRecord]:
        """The judgements of one judge, in the order of the steps."""
        feed = self.feed
        judged = list(feed.judged) if feed else []
        judges = judges_of(judged)
        judge = self._judge if self._judge in judges else next(iter(judges), "")
        return judgements(judged, judge)

    def _follow(self, news: FeedUpdated) -> None:
        if news.feed.run != self.app.watched or not self.is_current:
            return
        change = news.change
        if change.rewound or change.state or change.marks or change.records:
            self._show()
        if any(isinstance(record, JudgedRecord) for record in change.records):
            self.read_others()

    def _at(self, records: Sequence[JudgedRecord]) -> int:
        """Return which judgement is shown: the one gone to, or the newest."""
        keys = [_key(record) for record in records]
        return keys.index(self.looked_at) if self.looked_at in keys else len(keys) - 1

    def _show(self) -> None:
        feed, records = self.feed, self.records
        judged = bool(records)
        self._show_head(feed, records)
        self.query_one("#nothing", Static).display = not judged
        self.query_one("#body").display = judged
        self.query_one("#verdict", PartLine).display = judged
        self.divide()
        self.refresh_bindings()
        if not judged or feed is None:
            words = nothing_words(feed)
            self.query_one("#nothing", Static).update(Content(safe_text(words, newline=True)))
            return
        known = scored(records)
        if known and self.score not in known:
            self.score = known[0]
        at = self._at(records)
        record = records[at]
        marks = [mark for mark in feed.marks if mark.kind != "checkpoint"]
        self.query_one(ScorePanel).show(records, at, self.score, log=self._log, marks=marks)
        self.query_one(Extremes).show(feed.run, record, _sample_of(feed, record.step))
        self._show_classes(record)
        self._show_others()

    def _show_head(self, feed: RunFeed | None, records: Sequence[JudgedRecord]) -> None:
        watched = self.app.watched
        judged = list(feed.judged) if feed else []
        judges = len(judges_of(judged))
        self.query_one(Header).show(
            LinePart(watched.name if watched else "", "title", 9),
            LinePart("judged" if records else "not judged yet" if feed else "reading …", "text", 8),
            LinePart(f"{len(judged)} times" if len(judged) > 1 else "", "text", 7),
            LinePart(f"by {judges} judges" if judges > 1 else "", "text", 6),
            LinePart(f"{feed.view.state}, step {feed.step:,}" if feed else "", "muted", 3),
        )
        if not records:
            return
        at = self._at(records)
        record = records[at]
        newest = at == len(records) - 1
        self.query_one("#verdict", PartLine).show(
            LinePart(f"step {record.step:,}", "title", 9),
            LinePart("newest" if newest else f"{at + 1} of {len(records)}", "text", 8),
            LinePart(f"{record.n:,} images of each kind", "text", 7),
            LinePart(judge_words(record), "muted", 6),
        )

    def _show_classes(self, record: JudgedRecord) -> None:
        shares, kl = tuple(classes_of(record)), record.score("kl")
        self.query_one("#classes", StyledLines).show(
            lambda width, charset: class_lines(shares, width, charset=charset, kl=kl)
        )

    def _show_others(self) -> None:
        here = self._run.name if self._run else ""
        others, score = tuple(self._others), self.score
        judge = self.records[0].judge if self.records else ""
        self.query_one("#others", StyledLines).show(
            lambda width, charset: run_lines(
                others, score, here, width, charset=charset, first=judge
            )
        )

    # Other runs

    def read_others(self) -> None:
        """Read where the judged runs stand: those that are marked, or all."""
        runs = list(self.app.judged_among)
        if self._run is not None and self._run not in runs:
            runs.append(self._run)
        self._read_others(runs)

    @work(thread=True, exclusive=True, group="others")
    def _read_others(self, runs: Sequence[RunDir]) -> None:
        worker = get_current_worker()
        found = []
        for run in runs:
            if worker.is_cancelled:
                return
            if (known := self._judged_runs.read(run)) is not None:
                found.append(known)
        self.app.call_from_thread(self._take_others, found)

    def _take_others(self, found: list[RunStanding]) -> None:
        self._others = found
        self._show_others()

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted:
            return True
        if action == "break_off":
            return True if self.requests.under_way else None
        if action in {"judge", "judge_all", "judge_with"}:
            return None if self.requests.under_way else True
        return bool(self.records) or action not in _OF_JUDGEMENTS

    def turn(self, by: int) -> None:
        known = scored(self.records)
        if known:
            at = known.index(self.score) if self.score in known else 0
            self.score = known[(at + by) % len(known)]
            self._show()

    def go(self, at: int | None) -> None:
        """Show one of the judgements; None is the newest."""
        records = self.records
        if records:
            newest = len(records) - 1
            at = newest if at is None else min(max(at, 0), newest)
            self.looked_at = None if at == newest else _key(records[at])
            self._show()

    @on(TaskBar.Ended)
    def _judged(self, event: TaskBar.Ended) -> None:
        self.requests.end(event)

    @on(ScoreList.Chosen)
    def _choose_score(self, event: ScoreList.Chosen) -> None:
        self.score = event.name
        self._show()

    @on(StepChart.Pointed)
    def _go_near(self, event: StepChart.Pointed) -> None:
        steps = [record.step for record in self.records]
        if steps:
            self.go(steps.index(min(steps, key=lambda step: abs(step - event.step))))

    def step(self, by: int) -> None:
        self.go(self._at(self.records) + by)

    def next_judge(self) -> None:
        judges = judges_of(list(self.feed.judged) if self.feed else [])
        if len(judges) < 2:
            self.app.say("There is no other judge; G asks how to judge, and by whom.")
            return
        at = judges.index(self._judge) if self._judge in judges else 0
        self._judge, self.looked_at = judges[(at + 1) % len(judges)], None
        self._show()

    def toggle_log(self) -> None:
        self._log = not self._log
        self._show()

    # Leaving

    def watch_run(self) -> None:
        if self.app.watched is not None:
            self.app.watch_run(self.app.watched)

    def leave(self) -> None:
        """Go one step back: to all images, to the newest, to all panes, to where one came from."""
        if self.pictures.pair.unzoom():
            return
        if self.bar.failed:
            self.bar.forget()
        elif self.looked_at is not None:
            self.go(None)
        elif self.alone:
            self.toggle_alone()
        else:
            self.app.go_back()


def _sample_of(feed: RunFeed, step: int) -> StepFile | None:
    """Return the samples that were drawn at a step, or last before it."""
    return next((each for each in reversed(feed.samples) if each.step <= step), None)


def _key(record: JudgedRecord) -> tuple[int, int]:
    return record.step, record.n
