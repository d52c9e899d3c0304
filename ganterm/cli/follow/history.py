"""What a follower knows of a run: gathered record by record from the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ganterm.comparison import number
from ganterm.doctor.standing import uncleared
from ganterm.runs.live import LiveChange, LiveSettings
from ganterm.runs.records import Record
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
    metrics: list[Record] = field(default_factory=list)
    epochs: list[Record] = field(default_factory=list)
    sample: Record | None = None
    checkpoint: Record | None = None
    alerts: list[Record] = field(default_factory=list)
    judged: list[Record] = field(default_factory=list)
    change: LiveChange | None = None
    end: Record | None = None
    _rate: StepRate = field(default_factory=StepRate)
    _opened: float | None = None
    _latest: float = 0.0
    _before: float = 0.0
    _settings: LiveSettings = field(default_factory=LiveSettings)

    def add(self, record: Record) -> None:
        """Take in one record of the journal."""
        self.change = self._settings.add(record)
        opens = record["kind"] in {"start", "resume"}
        # What is judged after the end is no part of the training.
        if self.end is None and not opens:
            self._latest = record["time"]
        match record["kind"]:
            case "start" | "resume":
                self._begin(record)
            case "metrics":
                self.metrics.append(record)
                self._rate.add(record["time"], record["step"])
            case "epoch":
                self.epochs.append(record)
            case "sample":
                self.sample = record
            case "checkpoint":
                self.checkpoint = record
            case "alert":
                self.alerts.append(record)
            case "judged":
                self.judged.append(record)
            case "control" if record.get("name") in {"pause", "resume"}:
                self._rate.clear()
            case "end":
                self.end = record

    @property
    def step(self) -> int:
        """Steps done at the newest metrics."""
        return int(self.metrics[-1]["step"]) if self.metrics else 0

    @property
    def standing(self) -> list[Record]:
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
        alike = [
            record
            for record in self.judged
            if all(record.get(key) == self.judged[-1].get(key) for key in ("judge", "n"))
        ]
        found = (number(record, name) for record in alike)
        return [value for value in found if value is not None]

    def series(self, name: str, *, by_epoch: bool = False) -> list[float]:
        """Return the values of a quantity over the run; NaN where it was not finite."""
        records = self.epochs if by_epoch else self.metrics
        values = (record.get(name) for record in records)
        return [float("nan") if value is None else float(value) for value in values]

    def latest(self, name: str) -> Any:
        """Return the newest value of a quantity; `None` where it is not known or not finite."""
        return self.metrics[-1].get(name) if self.metrics else None

    def _begin(self, record: Record) -> None:
        self.steps = record.get("steps") or 0
        self.epochs_total = record.get("epochs") or 0
        self.device = str(record.get("device", ""))
        config = record.get("config", {})
        self.recipe = str(config.get("recipe", ""))
        self.precision = str(config.get("precision", ""))
        self.end = None
        self._before = self.seconds or 0.0
        self._opened = self._latest = record["time"]
        self._rate.clear()
        if record["kind"] == "resume":
            self.metrics = [r for r in self.metrics if r["step"] <= record["step"]]
            self.epochs = [r for r in self.epochs if r["step"] <= record["step"]]
            self.alerts = [r for r in self.alerts if r["step"] <= record["step"]]
            self.judged = [r for r in self.judged if r["step"] <= record["step"]]
