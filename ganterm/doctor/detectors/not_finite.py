"""Something that is measured became NaN or infinite."""

from __future__ import annotations

import math

from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom

_NOT_MEASURED = frozenset({"epoch", "images_per_s"})


class NotFinite(Detector[MetricsRecord]):
    """A loss, an output or a gradient is NaN, infinite, or the null that journals write then."""

    code = "not-finite"
    name = "Training diverged"
    kind = MetricsRecord
    lost = True

    def __init__(self) -> None:
        super().__init__()
        self.broken: list[str] = []
        self.step = 0

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in all that was measured."""
        self.step = record.step
        self.broken = [
            key
            for key, value in record.values.items()
            if key not in _NOT_MEASURED and (value is None or not math.isfinite(value))
        ]

    def symptom(self) -> Symptom | None:
        """Return the trouble, naming what broke first."""
        if not self.broken:
            return None
        return Symptom(
            f"Training diverged: {self.broken[0]} was not finite at step {self.step}.",
            {"terms": self.broken},
        )

    def relief(self) -> Symptom | None:
        """Tell of a record in which all is finite."""
        if self.broken:
            return None
        return Symptom("All that is measured is finite again.")
