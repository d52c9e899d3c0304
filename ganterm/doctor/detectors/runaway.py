"""G's loss is out of all proportion: the networks shout at each other and nobody learns."""

from __future__ import annotations

from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.doctor.balance import chance_loss
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom
from ganterm.doctor.window import Window

LASTING = 100
"""Steps for which it must last."""
ABSURD, USUAL = 100.0, 30.0
"""G's loss in losses of guessing: where the trouble begins, and ends. Healthy: below 15."""


class Runaway(Detector[MetricsRecord]):
    """G's loss stays far beyond that of guessing; critics, whose score has no scale, never do."""

    code = "runaway"
    name = "The losses run away"
    kind = MetricsRecord
    lost = True

    def __init__(self) -> None:
        super().__init__()
        self.ratios = Window(LASTING)
        self.loss = 0.0

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in G's loss."""
        chance, loss = chance_loss(config), record.values.get("g_loss")
        if chance is not None and isinstance(loss, (int, float)):
            self.ratios.add(record.step, abs(loss) / chance)
            self.loss = loss

    def symptom(self) -> Symptom | None:
        """Return the trouble where G's loss was absurd for long."""
        if not self.ratios.lasts(lambda ratio: ratio > ABSURD, share=0.85):
            return None
        return Symptom(
            f"The losses run away: for {self.ratios.span} steps G's loss has been about "
            f"{self.ratios.median:,.0f} times that of guessing, {self.loss:,.1f} at last, where "
            "that of healthy runs stays below 15 times.",
            {"g_loss": self.loss, "g_loss_ratio": self.ratios.median, "steps": self.ratios.span},
        )

    def relief(self) -> Symptom | None:
        """Tell of a loss that is of a usual size again."""
        if self.ratios.latest_median > USUAL:
            return None
        return Symptom("G's loss is of a usual size again.", {"g_loss": self.loss})
