"""The history of a run as the app shows it: with marks on charts and entries of a log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ganterm.client.wording import Told, told
from ganterm.config.runfile import from_mapping
from ganterm.core.errors import GantermError
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
from ganterm.doctor.active import ActiveAlert, with_remedies
from ganterm.render.chart import Mark, MarkKind
from ganterm.runs.history import RunHistory, path_inside
from ganterm.runs.layout import RunDir
from ganterm.runs.live import LiveChange
from ganterm.tui.feed.change import CheckpointRef, FeedChange, LogEntry, SampleRef
from ganterm.tui.feed.series import Series

_CHECKPOINT: Final = Told("checkpoint", "muted")
_HALTS: Final = {"pause": "paused", "resume": "went on", "stop": "stopped"}


class FeedHistory(RunHistory[Series]):
    """What happened to a run and is still in force.

    Attributes:
        run: its directory.
        marks: what a chart marks, in order: changes, alerts, resumes, checkpoints.
        entries: what its log tells, in order; of checkpoints the newest alone.
        halted: whether its worker was paused last, or told to go on; None where it was neither.
    """

    def __init__(self, run: RunDir) -> None:
        self.run = run
        super().__init__(Series)

    def forget(self) -> None:
        """Begin anew, with nothing known."""
        super().forget()
        self.marks: list[Mark] = []
        self.entries: list[LogEntry] = []
        self.halted: bool | None = None
        self._news = FeedChange()

    @property
    def samples(self) -> list[SampleRef]:
        """Grids of samples by step, the oldest first."""
        return [SampleRef(each.step, self.run.path / each.path) for each in self.drawn]

    @property
    def checkpoints(self) -> list[CheckpointRef]:
        """Checkpoints as they were written, the oldest first; they may have been pruned."""
        return [CheckpointRef(each.step, self.run.path / each.path) for each in self.saved]

    @property
    def troubles(self) -> list[ActiveAlert]:
        """What stands, with the remedies there are under the settings in force."""
        if not self.standing:
            return []
        try:
            return with_remedies(self.standing, from_mapping(self.config))
        except GantermError:
            return []

    def take_in(self, records: Sequence[Record]) -> FeedChange:
        """Take in the next records of the journal, in their order; say what they bring."""
        self._news = FeedChange()
        self.add(*records)
        return self._news

    def _add_metrics(self, records: Sequence[MetricsRecord]) -> None:
        super()._add_metrics(records)
        if records:
            self._bring(metrics=True)

    def _add(self, record: Record) -> None:
        super()._add(record)
        match record:
            case OpeningRecord():
                self._mark_beginning(record)
            case EpochRecord():
                self._bring(metrics=True)
            case SampleRecord() if path_inside(record.path):
                self._bring(samples=1)
            case CheckpointRecord():
                self._mark(record.step, "checkpoint", "checkpoint")
                # They come all the time.
                others = [each for each in self.entries if each.told is not _CHECKPOINT]
                self.entries = [*others, LogEntry(record.step, record.time, _CHECKPOINT)]
            case ControlRecord():
                self._add_control(record, self.change)
            case AlertRecord():
                over = "over: " if record.cleared else ""
                self._mark(record.step, "alert", f"{over}{record.message}")
                self._tell(record)
            case JudgedRecord():
                self._tell(record)
                self._bring(metrics=True)
            case EndRecord():
                self._bring(state=True)

    def _mark_beginning(self, record: OpeningRecord) -> None:
        self.halted = None
        resumed = isinstance(record, ResumeRecord)
        if resumed or self.parent:
            words = "resumed" if resumed else f"on from {self.parent}"
            self._mark(record.step, "resume", words)
            self.entries.append(LogEntry(record.step, record.time, Told(words)))
        self._bring(settings=True)

    def _take_back(self, resume: ResumeRecord) -> None:
        if self.last_step > resume.step:
            self._bring(rewound=True)
        super()._take_back(resume)
        self.marks = [each for each in self.marks if each.step <= resume.step]
        self.entries = [each for each in self.entries if each.step <= resume.step]

    def _add_control(self, record: ControlRecord, change: LiveChange | None) -> None:
        halt = _HALTS.get(record.name)
        if record.error or change or halt:
            self._tell(record, change)
        if record.error:
            return
        if change:
            words = f"{change.key}: {change.before} to {change.after}"
            self._mark(change.step, "control", words)
            self._bring(settings=True)
        elif halt:
            self._mark(record.step, "control", halt)
            self.halted = record.name == "pause"
            self._bring(state=True)

    def _tell(self, record: Record, change: LiveChange | None = None) -> None:
        if (news := told(record, change)) is not None:
            self.entries.append(LogEntry(record.step, record.time, news))

    def _mark(self, step: int, kind: MarkKind, text: str) -> None:
        self.marks.append(Mark(step, kind, text))
        self._bring(marks=True)

    def _bring(
        self,
        *,
        rewound: bool = False,
        metrics: bool = False,
        samples: int = 0,
        marks: bool = False,
        settings: bool = False,
        state: bool = False,
    ) -> None:
        self._news = self._news.then(FeedChange(rewound, metrics, samples, marks, settings, state))
