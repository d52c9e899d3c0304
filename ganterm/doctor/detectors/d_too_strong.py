"""The discriminator wins every time, and the generator learns nothing from losing."""

from __future__ import annotations

from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.doctor.balance import loss_ratio
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom
from ganterm.doctor.window import Window

LASTING, SHARE = 60, 0.8
"""Steps over which it is looked for, and the share of what was measured in them that shows it."""
HOPELESS, HOPEFUL = 0.05, 0.1
"""D's loss as a share of that of guessing, where the trouble begins and where it is over."""


class DTooStrong(Detector[MetricsRecord]):
    """D's loss stays next to nothing; critics, whose score has no scale, are never accused."""

    code = "d-too-strong"
    name = "D is too strong"
    kind = MetricsRecord

    def __init__(self) -> None:
        super().__init__()
        self.ratios = Window(LASTING)
        self.real = self.fake = 0.0

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in D's loss and accuracies."""
        self.ratios.add(record.step, loss_ratio(record.values, config))
        self.real = record.values.get("acc_real") or 0.0
        self.fake = record.values.get("acc_fake") or 0.0

    @property
    def windows(self) -> tuple[Window, ...]:
        """Those of which a part is enough."""
        return (self.ratios,)

    def symptom(self) -> Symptom | None:
        """Return the trouble where the loss was negligible for long."""
        if not self.ratios.lasts(lambda ratio: ratio < HOPELESS, SHARE):
            return None
        return Symptom(
            f"D is too strong: for {self.ratios.span} steps its loss has been "
            f"{self.ratios.median:.2%} of that of guessing, and it tells {self.real:.0%} of real "
            f"and {self.fake:.0%} of generated images apart, so G is told only that it is wrong.",
            {
                "d_loss_share": self.ratios.median,
                "acc_real": self.real,
                "acc_fake": self.fake,
                "steps": self.ratios.span,
            },
        )

    def relief(self) -> Symptom | None:
        """Tell of a loss that is worth the name again."""
        if self.ratios.latest_median < HOPEFUL:
            return None
        return Symptom(
            f"D errs again: its loss is {self.ratios.latest_median:.0%} of that of guessing.",
            {"d_loss_share": self.ratios.latest_median},
        )
