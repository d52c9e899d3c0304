"""What a follower knows of a run: gathered record by record from the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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
from ganterm.doctor.standing import uncleared
from ganterm.runs.live import LiveChange, LiveSettings
from ganterm.runs.steprate import StepRate


@dataclass
class History:
    """The story of a run so far; a resume takes back what came after its step.

    Attributes:
        steps: length of the run; 0 before it is known.
        metrics: every metrics record in force.
        epochs: every epoch record in force.
        sample: the newest sample record.
        checkpoint: the newest checkpoint record.
        alerts: every alert in force; `judged`: every judgement.
        change: the live change that the newest record made, if it did.
        end: the end record, if the run's last word is one.
    """

    steps: int = 0
    epochs_total: int = 0
    device: str = ""
    precision: str = ""
    recipe: str = ""
    metrics: list[MetricsRecord] = field(default_factory=list)
    epochs: list[EpochRecord] = field(default_factory=list)
    sample: SampleRecord | None = None
    checkpoint: CheckpointRecord | None = None
    alerts: list[AlertRecord] = field(default_factory=list)
    judged: list[JudgedRecord] = field(default_factory=list)
    change: LiveChange | None = None
    end: EndRecord | None = None
    _rate: StepRate = field(default_factory=StepRate)
    _opened: float | None = None
    _latest: float = 0.0
    _before: float = 0.0
    _settings: LiveSettings = field(default_factory=LiveSettings)

    def add(self, record: Record) -> None:
        """Take in one record of the journal."""
        self.change = self._settings.add(record)
        # What is judged after the end is no part of the training.
        if self.end is None and not isinstance(record, OpeningRecord):
            self._latest = record.time
        match record:
            case OpeningRecord():
                self._begin(record)
            case MetricsRecord():
                self.metrics.append(record)
                self._rate.add(record.time, record.step)
            case EpochRecord():
                self.epochs.append(record)
            case SampleRecord():
                self.sample = record
            case CheckpointRecord():
                self.checkpoint = record
            case AlertRecord():
                self.alerts.append(record)
            case JudgedRecord():
                self.judged.append(record)
            case ControlRecord(name="pause" | "resume"):
                self._rate.clear()
            case EndRecord():
                self.end = record

    @property
    def step(self) -> int:
        """Steps done at the newest metrics."""
        return self.metrics[-1].step if self.metrics else 0

    @property
    def standing(self) -> list[AlertRecord | JudgedRecord]:
        """What somebody who comes now should know: trouble that stands, and the newest scores."""
        return [*uncleared(self.alerts), *self.judged[-1:]]

    @property
    def place(self) -> str:
        """Where the run trains, and in which number format where that is not the usual one."""
        usual = self.precision in {"", "float32"}
        return self.device if usual else f"{self.device} in {self.precision}"

    @property
    def seconds(self) -> float | None:
        """Time that its workers were at work; `None` before one has begun."""
        if self._opened is None:
            return None
        return self._before + max(self._latest - self._opened, 0.0)

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the time to the end of the run; `None` before there is a pace."""
        return self._rate.seconds_to(self.steps) if self.steps else None

    def scores(self, name: str) -> list[float]:
        """Return a score over the run, by the judge and the number of images of the newest one."""
        found = (
            record.score(name)
            for record in self.judged
            if (record.judge, record.n) == (self.judged[-1].judge, self.judged[-1].n)
        )
        return [value for value in found if value is not None]

    def series(self, name: str, *, by_epoch: bool = False) -> list[float]:
        """Return the values of a quantity over the run; NaN where it was not finite."""
        records: Sequence[MetricsRecord | EpochRecord] = self.epochs if by_epoch else self.metrics
        values = (record.values.get(name) for record in records)
        return [float("nan") if value is None else float(value) for value in values]

    def latest(self, name: str) -> float | None:
        """Return the newest value of a quantity; `None` where it is not known or not finite."""
        return self.metrics[-1].values.get(name) if self.metrics else None

    def _begin(self, record: OpeningRecord) -> None:
        self.steps = record.steps
        self.epochs_total = record.epochs or 0
        self.device = record.device
        self.recipe = str(record.config.get("recipe", ""))
        self.precision = str(record.config.get("precision", ""))
        self.end = None
        self._before = self.seconds or 0.0
        self._opened = self._latest = record.time
        self._rate.clear()
        if isinstance(record, ResumeRecord):
            self.metrics = [r for r in self.metrics if r.step <= record.step]
            self.epochs = [r for r in self.epochs if r.step <= record.step]
            self.alerts = [r for r in self.alerts if r.step <= record.step]
            self.judged = [r for r in self.judged if r.step <= record.step]
