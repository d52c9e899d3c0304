"""The story of a run, told by the records of its journal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any, Final

from ganterm.config.runfile import from_mapping
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
    StartRecord,
)
from ganterm.doctor.standing import Trouble, troubles, uncleared
from ganterm.errors import GantermError
from ganterm.render.chart import Mark, MarkKind
from ganterm.runs.layout import RunDir
from ganterm.runs.live import LiveChange, LiveSettings
from ganterm.runs.steprate import StepRate
from ganterm.telling import Told, told
from ganterm.tui.feed.change import CheckpointRef, Entry, FeedChange, SampleRef
from ganterm.tui.feed.series import Series

MAX_SERIES: Final = 256
"""Quantities that are kept; a journal that names more is not a trainer's."""

_CHECKPOINT: Final = Told("checkpoint", "muted")
_HALTS: Final = {"pause": "paused", "resume": "went on", "stop": "stopped"}


class Story:
    """What happened to a run and is still in force: a resume takes back what came after its step.

    Attributes:
        run: its directory.
        series: every quantity of the metrics by name, over the steps.
        epoch_series: every quantity of whole epochs, over the steps at which they ended.
        parent: run and step, `NAME@STEP`, that a branch goes on from; empty for any other run.
        first_step: the step it began at; 0 for all but a branch.
        steps: length of the run, 0 before it is known; `epochs`: the same, None if it counts steps.
        device: where it trains; `host`: on which machine. Empty before it is known.
        samples: grids of samples by step, the oldest first; `checkpoints`: the same.
        marks: what a chart marks, in order: changes, alerts, resumes, checkpoints.
        entries: what its log tells, in order; of checkpoints the newest alone.
        standing: the doctor's alerts that nothing has cleared, the oldest first.
        judged: the records of its scores.
        end: its end record, if that is its last word.
    """

    def __init__(self, run: RunDir) -> None:
        self.run = run
        self.forget()

    def forget(self) -> None:
        """Begin anew, with nothing known."""
        self.series: dict[str, Series] = {}
        self.epoch_series: dict[str, Series] = {}
        self.parent = ""
        self.first_step = 0
        self.steps = 0
        self.epochs: int | None = None
        self.device = ""
        self.host = ""
        self.samples: list[SampleRef] = []
        self.checkpoints: list[CheckpointRef] = []
        self.marks: list[Mark] = []
        self.entries: list[Entry] = []
        self.standing: list[AlertRecord] = []
        self._diagnoses: list[AlertRecord] = []
        self.judged: list[JudgedRecord] = []
        self.end: EndRecord | None = None
        self.last_step = 0
        self._rate = StepRate()
        self._settings = LiveSettings()

    @property
    def config(self) -> dict[str, Any]:
        """The settings in force."""
        return self._settings.config

    @property
    def start_config(self) -> dict[str, Any]:
        """The settings the run began with."""
        return self._settings.start_config

    @property
    def changes(self) -> list[LiveChange]:
        """The live changes in force, in order; the last is the first to undo."""
        return self._settings.changes

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the run has its length, at its pace; None where either is not known."""
        return self._rate.seconds_to(self.steps) if self.steps else None

    @property
    def troubles(self) -> list[Trouble]:
        """What stands, with the remedies there are under the settings in force."""
        if not self.standing:
            return []
        try:
            return troubles(self.standing, from_mapping(self.config))
        except GantermError:
            return []

    def latest(self, name: str) -> float | None:
        """Return the newest value of a quantity; None where there is none or it is not finite."""
        value = self.series[name].latest if name in self.series else None
        return None if value is None or math.isnan(value) else value

    def take_in(self, records: Sequence[Record]) -> FeedChange:
        """Take in the next records of the journal, in their order; say what they bring."""
        change = FeedChange()
        waiting: list[MetricsRecord] = []
        for record in records:
            if isinstance(record, MetricsRecord):
                waiting.append(record)
                continue
            if isinstance(record, (OpeningRecord, ControlRecord)):
                change = change.then(self._add_metrics(waiting))
                waiting = []
            change = change.then(self._add(record))
        return change.then(self._add_metrics(waiting))

    def _add(self, record: Record) -> FeedChange:
        match record:
            case OpeningRecord():
                return self._begin(record)
            case EpochRecord():
                _extend(self.epoch_series, [record])
                return FeedChange(metrics=True)
            case SampleRecord():
                return self._add_sample(record)
            case CheckpointRecord():
                self._add_checkpoint(record)
                return FeedChange(marks=True)
            case ControlRecord():
                return self._add_control(record)
            case AlertRecord():
                self._add_alert(record)
                return FeedChange(marks=True)
            case JudgedRecord():
                self.judged.append(record)
                self._tell(record)
                return FeedChange(metrics=True)
            case EndRecord():
                self.end = record
                return FeedChange(state=True)
        return FeedChange()

    def _add_metrics(self, records: Sequence[MetricsRecord]) -> FeedChange:
        if not records:
            return FeedChange()
        _extend(self.series, records)
        since = records[-1].time - self._rate.span
        recent = takewhile(lambda record: record.time >= since, reversed(records))
        for record in reversed(list(recent)):
            self._rate.add(record.time, record.step)
        self.last_step = records[-1].step
        return FeedChange(metrics=True)

    def _begin(self, record: OpeningRecord) -> FeedChange:
        """Begin the run, or take it up again at the step of the record."""
        step, resumed = record.step, isinstance(record, ResumeRecord)
        rewound = resumed and self._take_back(step)
        self._settings.add(record)
        if isinstance(record, StartRecord):
            self.parent = record.parent or self.parent
            self.first_step = step
        begun_elsewhere = resumed or bool(self.parent)
        if begun_elsewhere:
            words = "resumed" if resumed else f"on from {self.parent}"
            self._mark(step, "resume", words)
            self.entries.append(Entry(step, record.time, Told(words)))
        self.steps = record.steps or self.steps
        self.epochs = record.epochs or None
        self.device, self.host = record.device, record.host
        self.end = None
        self._rate.clear()
        return FeedChange(rewound=rewound, settings=True, marks=begun_elsewhere)

    def _take_back(self, step: int) -> bool:
        """Forget what came after `step`; tell whether that was anything."""
        rewound = self.last_step > step
        for series in (*self.series.values(), *self.epoch_series.values()):
            series.truncate_after(step)
        self.samples = [each for each in self.samples if each.step <= step]
        self.checkpoints = [each for each in self.checkpoints if each.step <= step]
        self.marks = [each for each in self.marks if each.step <= step]
        self.entries = [each for each in self.entries if each.step <= step]
        self._diagnoses = [each for each in self._diagnoses if each.step <= step]
        self.standing = uncleared(self._diagnoses)
        self.judged = [each for each in self.judged if each.step <= step]
        self.last_step = min(self.last_step, step)
        return rewound

    def _add_sample(self, record: SampleRecord) -> FeedChange:
        path = path_inside(record.path)
        if path is None:
            return FeedChange()
        sample = SampleRef(record.step, self.run.path / path)
        if self.samples and self.samples[-1].step >= sample.step:
            # A step drawn twice has one grid, the later one.
            self.samples = [each for each in self.samples if each.step != sample.step]
            self.samples = sorted([*self.samples, sample], key=lambda each: each.step)
        else:
            self.samples.append(sample)
        return FeedChange(samples=1)

    def _add_checkpoint(self, record: CheckpointRecord) -> None:
        path = path_inside(record.path)
        if path is not None:
            self.checkpoints.append(CheckpointRef(record.step, self.run.path / path))
        self._mark(record.step, "checkpoint", "checkpoint")
        # They come all the time.
        self.entries = [each for each in self.entries if each.told is not _CHECKPOINT]
        self.entries.append(Entry(record.step, record.time, _CHECKPOINT))

    def _add_alert(self, record: AlertRecord) -> None:
        over = "over: " if record.cleared else ""
        self._mark(record.step, "alert", f"{over}{record.message}")
        self._tell(record)
        self._diagnoses.append(record)
        self.standing = uncleared(self._diagnoses)

    def _add_control(self, record: ControlRecord) -> FeedChange:
        change, halt = self._settings.add(record), _HALTS.get(record.name)
        if record.error or change or halt:
            self._tell(record, change)
        if record.error:
            return FeedChange()
        if change:
            words = f"{change.key}: {change.before} to {change.after}"
            self._mark(change.step, "control", words)
            return FeedChange(settings=True, marks=True)
        if halt is None:
            return FeedChange()
        self._rate.clear()
        self._mark(record.step, "control", halt)
        return FeedChange(marks=True)

    def _tell(self, record: Record, change: LiveChange | None = None) -> None:
        if (news := told(record, change)) is not None:
            self.entries.append(Entry(record.step, record.time, news))

    def _mark(self, step: int, kind: MarkKind, text: str) -> None:
        self.marks.append(Mark(step, kind, text))


def path_inside(path: str | None) -> PurePosixPath | None:
    """Return a path that a journal names if it stays within the run; None otherwise."""
    if not path or "\0" in path:
        return None
    found = PurePosixPath(path)
    return None if found.is_absolute() or ".." in found.parts else found


def _extend(series: dict[str, Series], records: Iterable[MetricsRecord | EpochRecord]) -> None:
    """Add every quantity of the records to its series, column by column."""
    alike: dict[tuple[str, ...], list[MetricsRecord | EpochRecord]] = {}
    for record in records:
        alike.setdefault(tuple(record.values), []).append(record)
    for names, group in alike.items():
        steps = [record.step for record in group]
        for name in names:
            if name in series or len(series) < MAX_SERIES:
                values = [record.values[name] for record in group]
                series.setdefault(name, Series()).extend(steps, values)
