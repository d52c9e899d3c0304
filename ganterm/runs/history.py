"""The history of a run: what its records say that no resume has taken back."""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar

from ganterm.core.directory import RUN_DIRECTORIES
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
from ganterm.runs.columns import MetricsColumns, columns_of
from ganterm.runs.journal import Part
from ganterm.runs.live import LiveChange, LiveSettings

SPAN_SECONDS = 20.0
"""Span of the past that counts."""


class StepRate:
    """The pace of the last seconds, from the times at which steps were reported."""

    def __init__(self, span: float = SPAN_SECONDS) -> None:
        self.span = span
        self._seen: deque[tuple[float, Sequence[float], Sequence[int]]] = deque()

    def add(self, times: Sequence[float], steps: Sequence[int]) -> None:
        """Take note of the steps that were done at times, in seconds; at least one."""
        since = times[-1] - self.span
        self._seen.append((max(times), times, steps))
        while self._seen[0][0] < since:
            self._seen.popleft()
        newest, times, steps = self._seen[0]
        old = next(place for place, time in enumerate(times) if time >= since)
        self._seen[0] = newest, times[old:], steps[old:]

    def clear(self) -> None:
        """Forget what was, as after a pause, which says nothing about the pace."""
        self._seen.clear()

    @property
    def steps_per_second(self) -> float | None:
        """Steps a second; None before two reports, or where the clock or the run went back."""
        if not self._seen:
            return None
        since, first = self._seen[0][1][0], self._seen[0][2][0]
        until, last = self._seen[-1][1][-1], self._seen[-1][2][-1]
        return (last - first) / (until - since) if last > first and until > since else None


MAX_SERIES: Final = 256
"""Quantities that are kept; a journal that names more is not a trainer's."""


_IN_ORDER: Final = (MetricsColumns, OpeningRecord, ControlRecord, EndRecord)
"""Before these, the metrics that came before them are taken in."""

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
        restoring: whether it takes in what no resume has taken back any more.
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
        self._others: Entries[OpeningRecord | ControlRecord | EndRecord] = Entries()
        self.restoring = False
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
    def opening(self) -> OpeningRecord | None:
        """How its newest worker began; None before one did."""
        opened = [each for each in self._others if isinstance(each, OpeningRecord)]
        return opened[-1] if opened else None

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

    def add(self, *parts: Part) -> None:
        """Take in the next parts of the journal, in their order; quickest many at once."""
        waiting: list[MetricsRecord] = []
        for part in parts:
            if isinstance(part, MetricsRecord):
                waiting.append(part)
                continue
            if waiting and isinstance(part, _IN_ORDER):
                self._add_metrics(columns_of(waiting))
                waiting = []
            if isinstance(part, MetricsColumns):
                self._add_metrics(part)
                continue
            if not isinstance(part, OpeningRecord):
                self._reach(part.step, part.time)
            self._add(part)
        if waiting:
            self._add_metrics(columns_of(waiting))

    def _reach(self, step: int, time: float) -> None:
        self.reached = max(self.reached, step)
        # What is judged after the end is no part of the training.
        if self.end is None:
            self._latest = max(self._latest, time)

    def _add(self, record: Record) -> None:
        """Take in a record that is not of metrics."""
        self.settings = self.settings.after(record)
        if isinstance(record, (OpeningRecord, ControlRecord, EndRecord)):
            self._others = self._others.plus(record)
        match record:
            case OpeningRecord():
                self._begin(record)
            case EpochRecord():
                self._epochs = self._epochs.plus([record.step], [record.epoch])
                self.epoch_series = _extended(self.epoch_series, columns_of([record]))
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
                self.standing = uncleared([*self.standing, record])
            case JudgedRecord():
                learn(record.components)
                self.judged = self.judged.plus(record)
            case ControlRecord(name="pause" | "resume" | "stop", error=""):
                self._forget_pace()
            case EndRecord():
                self.end = record

    def _add_metrics(self, metrics: MetricsColumns) -> None:
        steps, times = metrics.steps, metrics.times
        self._reach(max(steps), max(times))
        self.series = _extended(self.series, metrics)
        self._rate.add(times, steps)
        self._pace = self._rate.steps_per_second
        self.last_step = steps[-1]

    def _forget_pace(self) -> None:
        self._rate.clear()
        self._pace = None

    def _begin(self, record: OpeningRecord) -> None:
        if isinstance(record, ResumeRecord) and not self.restoring:
            self._take_back(record)
        elif isinstance(record, StartRecord):
            self.parent = record.parent or self.parent
            self.first_step = record.step
        self.reached = max(self.reached, record.step)
        self.steps = record.steps or self.steps
        self.epochs = record.epochs or None
        self.device, self.host = record.device, record.host
        self.end = None
        self._before, self._opened = self.seconds or 0.0, record.time
        self._latest = record.time
        self._forget_pace()

    def _take_back(self, resume: ResumeRecord) -> None:
        """Forget what came after the step that a worker goes on from."""
        self._others = Entries(in_force(self._others, resume))
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


def _extended(series: dict[str, Series], metrics: MetricsColumns) -> dict[str, Series]:
    """Return `series` with every quantity of the metrics added."""
    found = dict(series)
    for name, (steps, values, ascending) in metrics.columns.items():
        if name in found or len(found) < MAX_SERIES:
            known = found[name] if name in found else Series()
            found[name] = known.plus(steps, values, ascending=ascending)
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
