"""The discriminator takes generated images for more real than real ones."""

from __future__ import annotations

from ganterm.config import RunConfig
from ganterm.core.quantities import D_FAKE, D_REAL
from ganterm.core.records import MetricsRecord
from ganterm.doctor.balance import gap
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom
from ganterm.doctor.window import Window

LASTING = 150
"""Steps for which it must last; a moment of it is part of every healthy game."""


class GTooStrong(Detector[MetricsRecord]):
    """D ranks generated images above real ones, for long: under any loss that is upside down."""

    code = "g-too-strong"
    name = "G is too strong"
    kind = MetricsRecord

    def __init__(self) -> None:
        super().__init__()
        self.gaps = Window(LASTING)
        self.scores = (0.0, 0.0)

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in D's mean outputs on real and on generated images."""
        difference = gap(record.values)
        self.gaps.add(record.step, difference)
        if difference is not None:
            self.scores = (record.values[D_REAL] or 0.0, record.values[D_FAKE] or 0.0)

    def symptom(self) -> Symptom | None:
        """Return the trouble where nearly every record of the window is upside down."""
        if not self.gaps.lasts(lambda difference: difference < 0, share=0.95):
            return None
        real, fake = self.scores
        return Symptom(
            f"G is too strong: for {self.gaps.span} steps D has ranked generated images above "
            f"real ones (D(x) {real:.3g}, D(G(z)) {fake:.3g}), so what it tells G leads nowhere.",
            {D_REAL: real, D_FAKE: fake, "steps": self.gaps.span},
        )

    def relief(self) -> Symptom | None:
        """Tell of a discriminator that has its ranking right again."""
        if self.gaps.latest_median <= 0:
            return None
        real, fake = self.scores
        return Symptom(
            f"D ranks real images above generated ones again: {real:.3g} to {fake:.3g}.",
            {D_REAL: real, D_FAKE: fake},
        )
