"""Everything the app knows of one run, read from its directory and kept current."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ganterm.client.overview import observed
from ganterm.client.wording import Notice, notice_of
from ganterm.core.errors import GantermError
from ganterm.core.files import Stamp, stamp_of
from ganterm.core.records import (
    AlertRecord,
    CheckpointRecord,
    ControlRecord,
    EndRecord,
    EpochRecord,
    JudgedRecord,
    MetricsRecord,
    OpeningRecord,
    Record,
    ResumeRecord,
    SampleRecord,
)
from ganterm.core.series import Entries
from ganterm.doctor.active import ActiveAlert, troubles_of
from ganterm.doctor.applicable import ApplicableRemedy, applicable_remedies
from ganterm.render.chart import Mark, MarkKind
from ganterm.runs.cache import HistoryReader
from ganterm.runs.columns import MetricsColumns
from ganterm.runs.history import RunHistory, path_inside
from ganterm.runs.journal import Part
from ganterm.runs.launch import log_tail
from ganterm.runs.layout import RunDir
from ganterm.runs.live import LiveChange
from ganterm.runs.state import RunView


@dataclass(frozen=True, slots=True)
class StepFile:
    """A file of a run that belongs to a step: a grid of samples, or a checkpoint."""

    step: int
    path: Path


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of a run's log: when it was, in seconds since 1970, and what it tells."""

    step: int
    time: float
    notice: Notice


@dataclass(frozen=True)
class FeedChange:
    """What is new in a run since the last look; false if nothing is.

    Attributes:
        rewound: steps were taken back, or the journal turned out to be another: nothing that was
            drawn before can be relied on.
        metrics: there are new points, of steps or of epochs.
        samples: how many grids of samples are new.
        marks: there are new marks, checkpoints among them.
        settings: the settings in force, or the length of the run, changed.
        state: the run's state, its message or its status changed.
        log: the worker printed something.
        records: the new records but those of metrics, epochs and samples, in order: what somebody
            who watches may be told. Empty for the past that is there at the first look.
    """

    rewound: bool = False
    metrics: bool = False
    samples: int = 0
    marks: bool = False
    settings: bool = False
    state: bool = False
    log: bool = False
    records: tuple[Record, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in dataclasses.fields(self))

    def then(self, later: FeedChange) -> FeedChange:
        """Return what is new since the look before this one, if `later` is the one after."""
        return FeedChange(
            rewound=self.rewound or later.rewound,
            metrics=self.metrics or later.metrics,
            samples=self.samples + later.samples,
            marks=self.marks or later.marks,
            settings=self.settings or later.settings,
            state=self.state or later.state,
            log=self.log or later.log,
            records=self.records + later.records,
        )


_CHECKPOINT: Final = Notice("checkpoint", "muted")
_HALTS: Final = {"pause": "paused", "resume": "went on", "stop": "stopped"}


class RunFeed(RunHistory):
    """A run as its directory told it at one look; once published, it never changes.

    Attributes:
        run: its directory.
        marks: what a chart marks, in order: changes, alerts, resumes, checkpoints.
        entries: what its log tells, in order; of checkpoints the newest alone.
        halted: whether its worker was paused last, or told to go on; None where it was neither.
        view: its state as last observed.
        log: the last lines its worker printed, foreign text.
        trouble: why its journal cannot be read; empty where it can.
        damaged: lines of the journal that are not records.
    """

    def __init__(self, run: RunDir) -> None:
        self.run = run
        self.view: RunView = observed(run)
        self.log: tuple[str, ...] = ()
        self.trouble = ""
        self.damaged = 0
        super().__init__()

    def forget(self) -> None:
        """Begin anew, with nothing known."""
        super().forget()
        self.marks: Entries[Mark] = Entries()
        self.entries: Entries[LogEntry] = Entries()
        self.halted: bool | None = None
        self._news = FeedChange()

    @property
    def paused(self) -> bool:
        """Whether it stands paused; its journal says so a moment before its status."""
        if self.view.alive is False or self.halted is None:
            return self.view.state == "paused"
        return self.halted

    @property
    def step(self) -> int:
        """Steps done, as far as the run has said."""
        return max(self.view.step, self.last_step)

    @property
    def images_per_s(self) -> float | None:
        """Real images seen a second lately; None unless it trains and has said so."""
        if self.view.state != "running":
            return None
        rate = self.latest("images_per_s")
        if rate is None and self.view.status is not None:
            rate = self.view.status.images_per_s
        return rate or None

    @property
    def eta_seconds(self) -> float | None:
        """Seconds until the run has its length, at its pace; None unless it trains."""
        return self.seconds_left if self.view.state == "running" else None

    @property
    def samples(self) -> list[StepFile]:
        """Grids of samples by step, the oldest first."""
        return [StepFile(each.step, self.run.path / each.path) for each in self.drawn]

    @property
    def checkpoints(self) -> list[StepFile]:
        """Checkpoints as they were written, the oldest first; they may have been pruned."""
        return [StepFile(each.step, self.run.path / each.path) for each in self.saved]

    @property
    def troubles(self) -> list[ActiveAlert]:
        """What stands, with the remedies there are under the settings in force."""
        try:
            return troubles_of(self)
        except GantermError:
            return []

    def news(self) -> FeedChange:
        """Return what the records brought since the last call."""
        news, self._news = self._news, FeedChange()
        return news

    def _add_metrics(self, metrics: MetricsColumns) -> None:
        super()._add_metrics(metrics)
        self._bring(FeedChange(metrics=True))

    def _add(self, record: Record) -> None:
        super()._add(record)
        match record:
            case OpeningRecord():
                self._mark_beginning(record)
            case EpochRecord():
                self._bring(FeedChange(metrics=True))
            case SampleRecord() if path_inside(record.path):
                self._bring(FeedChange(samples=1))
            case CheckpointRecord():
                self._mark(record.step, "checkpoint", "checkpoint")
                self._enter_checkpoint(record)
            case ControlRecord():
                self._add_control(record, self.settings.change)
            case AlertRecord():
                over = "over: " if record.cleared else ""
                self._mark(record.step, "alert", f"{over}{record.message}")
                self._tell(record)
            case JudgedRecord():
                self._tell(record)
                self._bring(FeedChange(metrics=True))
            case EndRecord():
                self._bring(FeedChange(state=True))

    def _mark_beginning(self, record: OpeningRecord) -> None:
        self.halted = None
        resumed = isinstance(record, ResumeRecord)
        if resumed or self.parent:
            words = "resumed" if resumed else f"on from {self.parent}"
            self._mark(record.step, "resume", words)
            self._enter(record, Notice(words))
        self._bring(FeedChange(settings=True))

    def _take_back(self, resume: ResumeRecord) -> None:
        if self.last_step > resume.step:
            self._bring(FeedChange(rewound=True))
        super()._take_back(resume)
        self.marks = Entries(each for each in self.marks if each.step <= resume.step)
        self.entries = Entries(each for each in self.entries if each.step <= resume.step)

    def _add_control(self, record: ControlRecord, change: LiveChange | None) -> None:
        halt = _HALTS.get(record.name)
        if record.error or change or halt:
            self._tell(record, change)
        if record.error:
            return
        if change:
            words = f"{change.key}: {change.before} to {change.after}"
            self._mark(change.step, "control", words)
            self._bring(FeedChange(settings=True))
        elif halt:
            self._mark(record.step, "control", halt)
            self.halted = record.name == "pause"
            self._bring(FeedChange(state=True))

    def _tell(self, record: Record, change: LiveChange | None = None) -> None:
        if (notice := notice_of(record, change)) is not None:
            self._enter(record, notice)

    def _enter(self, record: Record, notice: Notice) -> None:
        self.entries = self.entries.plus(LogEntry(record.step, record.time, notice))

    def _enter_checkpoint(self, record: CheckpointRecord) -> None:
        """Enter the newest checkpoint in place of the one before: they come all the time."""
        places = range(len(self.entries) - 1, -1, -1)
        known = next((i for i in places if self.entries[i].notice is _CHECKPOINT), None)
        if known is not None:
            kept = [*self.entries[:known], *self.entries[known + 1 :]]
            self.entries = Entries(kept)
        self._enter(record, _CHECKPOINT)

    def _mark(self, step: int, kind: MarkKind, text: str) -> None:
        self.marks = self.marks.plus(Mark(step, kind, text))
        self._bring(FeedChange(marks=True))

    def _bring(self, news: FeedChange) -> None:
        self._news = self._news.then(news)


LOOK_SECONDS: Final = 0.5
"""How long the state of a run is believed while its status file stays as it is."""
LOG_LINES: Final = 20

_SILENT: Final = (MetricsRecord, EpochRecord, SampleRecord)


class FeedReader:
    """Reads a run from its directory, again and again.

    Attributes:
        feed: the run as it was at the last look.
    """

    def __init__(self, run: RunDir, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._growing = RunFeed(run)
        self.feed = self._growing.published()
        self._clock = clock
        self._journal = HistoryReader(run, self._growing)
        self._opened = False
        self._look_again = 0.0
        self._stamps: dict[str, Stamp | None] = {}

    @property
    def share(self) -> float:
        """How much of the journal has been read, from 0 to 1."""
        return self._journal.share

    def refresh(self, wanted: Callable[[], bool] = lambda: True) -> FeedChange:
        """Look at the run again and return what is new; reads only what was added.

        A long history is read no further where it is not `wanted` any more.

        Never raises for what the directory holds: a journal that cannot be read is `trouble`.
        """
        # The state before the records: what is said to be finished is then all there.
        state = self._look()
        found = self._read(wanted)
        log = self._changed("log", self._run.log)
        if log:
            self._growing.log = tuple(log_tail(self._run, LOG_LINES))
        first, self._opened = not self._opened, True
        self.feed = self._growing.published()
        return dataclasses.replace(found, state=state or found.state or first, log=log)

    def _look(self) -> bool:
        """Observe the run where its status changed or was not looked at for a while."""
        now = self._clock()
        if not self._changed("status", self._run.status) and now < self._look_again:
            return False
        self._look_again = now + LOOK_SECONDS
        before, self._growing.view = self._growing.view, observed(self._run)
        return _told(before) != _told(self._growing.view)

    def _read(self, wanted: Callable[[], bool]) -> FeedChange:
        feed, change, trouble = self._growing, FeedChange(), ""
        try:
            for parts in self._journal.read():
                # An empty part says that the journal is another one.
                news = feed.news() if parts else FeedChange(rewound=True)
                change = change.then(news)
                if self._opened:
                    change = change.then(FeedChange(records=_told_of(parts)))
                if not wanted():
                    break
        except OSError as error:
            trouble = f"the journal cannot be read: {error.strerror or error}"
        except Exception as error:  # noqa: BLE001 - whatever it holds, the others are read
            trouble = f"the journal makes no sense: {type(error).__name__}: {error}"
        changed, feed.trouble = trouble != feed.trouble, trouble
        feed.damaged = self._journal.damaged
        return change.then(feed.news()).then(FeedChange(state=changed))

    def _changed(self, name: str, path: Path) -> bool:
        """Tell whether a file is another one than at the last look, or has been written."""
        before, self._stamps[name] = self._stamps.get(name), stamp_of(path)
        return self._stamps[name] != before


def _told(view: RunView) -> tuple[Any, ...]:
    """Return what of a view is worth a word when it changes."""
    status = view.status
    return (view.state, view.alive, view.message, view.step, status and status.last_checkpoint)


def _told_of(parts: Sequence[Part]) -> tuple[Record, ...]:
    """Return the records that somebody who watches may be told of."""
    records = (part for part in parts if isinstance(part, Record))
    return tuple(record for record in records if not isinstance(record, _SILENT))


def run_of(feed: RunFeed | None) -> RunDir | None:
    """Return the run that a feed is of."""
    return feed.run if feed else None


def offers_of(feed: RunFeed) -> list[ApplicableRemedy]:
    """Return the remedies there are for a run as it stands."""
    return applicable_remedies(feed.troubles, alive=feed.view.alive is not False)


def evidence_words(trouble: ActiveAlert) -> str:
    """Return since when a trouble stands and the figures it rests on; foreign text."""
    figures = [
        f"{name} {value:,.4g}"
        for name, value in trouble.evidence.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    return ", ".join([f"{trouble.code} since step {trouble.since:,}", *figures]) + "."
