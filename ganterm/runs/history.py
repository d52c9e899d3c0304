"""The history of a run: what its records say that no resume has taken back."""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar

from ganterm.core.files import RUN_DIRECTORIES
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
from ganterm.core.registry import learn
from ganterm.core.series import Entries, Series
from ganterm.runs.live import LiveChange, LiveSettings

SPAN_SECONDS = 20.0
"""Span of the past that counts."""


class StepRate:
    """The pace of the last seconds, from the times at which steps were reported."""

    def __init__(self, span: float = SPAN_SECONDS) -> None:
        self.span = span
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, time: float, step: int) -> None:
        """Take note that `step` steps were done at `time`, in seconds."""
        self._seen.append((time, step))
        while time - self._seen[0][0] > self.span:
            self._seen.popleft()

    def clear(self) -> None:
        """Forget what was, as after a pause, which says nothing about the pace."""
        self._seen.clear()

    @property
    def steps_per_second(self) -> float | None:
        """Steps a second; None before two reports, or where the clock or the run went back."""
        if len(self._seen) < 2:
            return None
        (since, first), (until, last) = self._seen[0], self._seen[-1]
        return (last - first) / (until - since) if last > first and until > since else None


MAX_SERIES: Final = 256
"""Quantities that are kept; a journal that names more is not a trainer's."""


H = TypeVar("H", bound="RunHistory")


class RunHistory:
    """A run as its records tell it, taken in one after the other.

    All that it holds is never changed in place, but replaced: `published` is a copy for others.

    Attributes:
        settings: those in force, those the run began with, and the live changes.
        series: every quantity of the metrics by name, over the steps.
        epoch_series: every quantity of whole epochs, over the steps at which they ended.
        parent: run and step, `NAME@STEP`, that a branch goes on from; empty for any other run.
        first_step: the step it began at; 0 for all but a branch.
        steps: length of the run, 0 before it is known; `epochs`: the same, None if it counts steps.
        device: where it trains; `host`: on which machine. Empty before it is known.
        drawn: sample grids that lie within the run, one a step, in the order of the steps.
        saved: checkpoints that lie within the run, as they were written.
        alerts: every alert; `standing`: the doctor's that nothing has cleared, the oldest first.
        judged: the records of its scores.
        end: its end record, if that is its last word.
        last_step: the step of the newest metrics; `reached`: the greatest of any record.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, with nothing known."""
        self.settings = LiveSettings()
        self.series: dict[str, Series] = {}
        self.epoch_series: dict[str, Series] = {}
        self.parent = ""
        self.first_step = self.steps = self.last_step = self.reached = 0
        self.epochs: int | None = None
        self.device = self.host = ""
        self.drawn: Entries[SampleRecord] = Entries()
        self.saved: Entries[CheckpointRecord] = Entries()
        self.alerts: Entries[AlertRecord] = Entries()
        self.standing: Sequence[AlertRecord] = ()
        self.judged: Entries[JudgedRecord] = Entries()
        self.end: EndRecord | None = None
        self._epochs = Series()
        self._rate = StepRate()
        self._pace: float | None = None
        self._opened: float | None = None
        self._latest = self._before = 0.0

    def published(self: H) -> H:
        """Return the history as it stands, which does not change any more."""
        found = copy.copy(self)
        found._rate = StepRate()
        return found

    @property
    def config(self) -> dict[str, Any]:
        """The settings in force."""
        return self.settings.config

    @property
    def start_config(self) -> dict[str, Any]:
        """The settings the run began with."""
        return self.settings.start_config

    @property
    def changes(self) -> tuple[LiveChange, ...]:
        """The live changes in force, in order; the last is the first to undo."""
        return self.settings.changes

    @property
    def place(self) -> str:
        """Where the run trains, and in which number format where that is not the usual one."""
        precision = self.config.get("precision") or ""
        return self.device if precision in {"", "float32"} else f"{self.device} in {precision}"

    @property
    def epochs_done(self) -> int:
        """Whole epochs so far."""
        return int(self._epochs.latest or 0)

    @property
    def seconds(self) -> float | None:
        """Time that its workers were at work; None before one has begun."""
        if self._opened is None:
            return None
        return self._before + max(self._latest - self._opened, 0.0)

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the run has its length, at its pace; None where either is not known."""
        if not (self.steps and self._pace):
            return None
        return max(self.steps - self.last_step, 0) / self._pace

    def latest(self, name: str) -> float | None:
        """Return the newest value of a quantity; None where there is none or it is not finite."""
        value = self.series[name].latest if name in self.series else None
        return None if value is None or math.isnan(value) else value

    def scores(self, name: str) -> list[float]:
        """Return a score over the run, by the judge and the number of images of the newest one."""
        found = (
            record.score(name)
            for record in self.judged
            if (record.judge, record.n) == (self.judged[-1].judge, self.judged[-1].n)
        )
        return [value for value in found if value is not None]

    def add(self, *records: Record) -> None:
        """Take in the next records of the journal, in their order; quickest many at once."""
        waiting: list[MetricsRecord] = []
        for record in records:
            # What is judged after the end is no part of the training.
            if self.end is None and not isinstance(record, OpeningRecord):
                self._latest = record.time
            self.reached = max(self.reached, record.step)
            if isinstance(record, MetricsRecord):
                waiting.append(record)
                continue
            if isinstance(record, (OpeningRecord, ControlRecord)):
                self._add_metrics(waiting)
                waiting = []
            self._add(record)
        self._add_metrics(waiting)

    def _add(self, record: Record) -> None:
        """Take in a record that is not of metrics."""
        self.settings = self.settings.after(record)
        match record:
            case OpeningRecord():
                self._begin(record)
            case EpochRecord():
                self._epochs = self._epochs.plus([record.step], [record.epoch])
                self.epoch_series = _extended(self.epoch_series, [record])
            case SampleRecord() if path_inside(record.path):
                if self.drawn and self.drawn[-1].step >= record.step:
                    # A step drawn twice has one grid, the later one.
                    others = [each for each in self.drawn if each.step != record.step]
                    self.drawn = Entries(sorted([*others, record], key=lambda each: each.step))
                else:
                    self.drawn = self.drawn.plus(record)
            case CheckpointRecord() if path_inside(record.path):
                self.saved = self.saved.plus(record)
            case AlertRecord():
                self.alerts = self.alerts.plus(record)
                self.standing = uncleared(self.alerts)
            case JudgedRecord():
                learn(record.components)
                self.judged = self.judged.plus(record)
            case ControlRecord(name="pause" | "resume" | "stop", error=""):
                self._forget_pace()
            case EndRecord():
                self.end = record

    def _add_metrics(self, records: Sequence[MetricsRecord]) -> None:
        if not records:
            return
        self.series = _extended(self.series, records)
        since = records[-1].time - self._rate.span
        recent = takewhile(lambda record: record.time >= since, reversed(records))
        for record in reversed(list(recent)):
            self._rate.add(record.time, record.step)
        self._pace = self._rate.steps_per_second
        self.last_step = records[-1].step

    def _forget_pace(self) -> None:
        self._rate.clear()
        self._pace = None

    def _begin(self, record: OpeningRecord) -> None:
        if isinstance(record, ResumeRecord):
            self._take_back(record)
        elif isinstance(record, StartRecord):
            self.parent = record.parent or self.parent
            self.first_step = record.step
        self.steps = record.steps or self.steps
        self.epochs = record.epochs or None
        self.device, self.host = record.device, record.host
        self.end = None
        self._before, self._opened = self.seconds or 0.0, record.time
        self._latest = record.time
        self._forget_pace()

    def _take_back(self, resume: ResumeRecord) -> None:
        """Forget what came after the step that a worker goes on from."""
        self._epochs = self._epochs.until(resume.step)
        self.series = _until(resume.step, self.series)
        self.epoch_series = _until(resume.step, self.epoch_series)
        self.drawn = Entries(in_force(self.drawn, resume))
        self.saved = Entries(in_force(self.saved, resume))
        self.alerts = Entries(in_force(self.alerts, resume))
        self.standing = uncleared(self.alerts)
        self.judged = Entries(in_force(self.judged, resume))
        self.last_step = min(self.last_step, resume.step)
        self.reached = resume.step


def _extended(
    series: dict[str, Series], records: Iterable[MetricsRecord | EpochRecord]
) -> dict[str, Series]:
    """Return `series` with every quantity of the records added, column by column."""
    alike: dict[tuple[str, ...], list[MetricsRecord | EpochRecord]] = {}
    for record in records:
        alike.setdefault(tuple(record.values), []).append(record)
    found = dict(series)
    for names, group in alike.items():
        steps = [record.step for record in group]
        for name in names:
            if name in found or len(found) < MAX_SERIES:
                known = found.get(name) or Series()
                found[name] = known.plus(steps, [record.values[name] for record in group])
    return found


def _until(step: int, series: dict[str, Series]) -> dict[str, Series]:
    return {name: points.until(step) for name, points in series.items()}


R = TypeVar("R", bound=Record)


def in_force(records: Iterable[R], resume: ResumeRecord) -> list[R]:
    """Return those of the records before a resume that it does not take back.

    A resume at step S goes on from the state at S, so what has a greater step was thrown away. So
    are the controls that it lists as `pending`, even those made at S itself, right after the state
    was saved: the resumed worker makes them again.
    """
    again = [(change.id, change.step) for change in resume.pending]
    return [
        each
        for each in records
        if each.step <= resume.step
        and not (isinstance(each, ControlRecord) and (each.id, each.step) in again)
    ]


def effective(records: Iterable[Record]) -> list[Record]:
    """Return the records in force: without the steps that were done and then lost."""
    kept: list[Record] = []
    for record in records:
        if isinstance(record, ResumeRecord):
            kept = in_force(kept, record)
        kept.append(record)
    return kept


def uncleared(alerts: Iterable[AlertRecord]) -> list[AlertRecord]:
    """Return those of a run's alerts that are the doctor's and that nothing cleared, in order."""
    found: dict[str, AlertRecord] = {}
    for alert in alerts:
        if alert.evidence is None:
            continue
        found.pop(alert.code, None)
        if not alert.cleared:
            found[alert.code] = alert
    return list(found.values())


def path_inside(path: str | None) -> PurePosixPath | None:
    """Return a path that a journal names if it lies where a run's files do; None otherwise."""
    if not path or "\0" in path:
        return None
    found = PurePosixPath(path)
    inside = str(found.parent) in {".", *RUN_DIRECTORIES} and found.name != ".."
    return found if inside else None
