"""The discriminator takes generated images for more real than real ones."""

from __future__ import annotations

from ganterm.components.losses import LOSSES
from ganterm.config import RunConfig
from ganterm.core.quantities import D_FAKE, D_REAL
from ganterm.core.records import MetricsRecord
from ganterm.doctor.balance import gap
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom
from ganterm.doctor.window import Window

LASTING, SHARE = 80, 0.8
"""Steps over which it is looked for, and the share of what was measured in them that shows it."""
CONTENT = 0.1
"""Of the loss of guessing: G's, where D takes all that it makes for real."""


class GTooStrong(Detector[MetricsRecord]):
    """D ranks generated images above real ones, for long: under any loss that is upside down.

    Or it takes all of them for real, so that G's loss is next to nothing.
    """

    code = "g-too-strong"
    name = "G is too strong"
    kind = MetricsRecord

    def __init__(self) -> None:
        super().__init__()
        self.gaps = Window(LASTING)
        self.losses = Window(LASTING)
        self.scores = (0.0, 0.0)

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in D's mean outputs on real and on generated images, and G's loss."""
        chance, loss = LOSSES.facts(config.loss).g_chance, record.values.get("g_loss")
        if chance is not None and chance > 0 and loss is not None:
            self.losses.add(record.step, loss / chance)
        difference = gap(record.values)
        self.gaps.add(record.step, difference)
        if difference is not None:
            self.scores = (record.values[D_REAL] or 0.0, record.values[D_FAKE] or 0.0)

    @property
    def windows(self) -> tuple[Window, ...]:
        """Those of which a part is enough."""
        return self.gaps, self.losses

    def symptom(self) -> Symptom | None:
        """Return the trouble where most records of the window show it."""
        real, fake = self.scores
        if self.losses.lasts(lambda ratio: ratio < CONTENT, SHARE):
            return Symptom(
                f"G is too strong: for {self.losses.span} steps D has taken nearly all generated "
                f"images for real (D(x) {real:.3g}, D(G(z)) {fake:.3g}), so G has nothing to learn "
                "from it.",
                {D_REAL: real, D_FAKE: fake, "steps": self.losses.span},
            )
        if not self.gaps.lasts(lambda difference: difference < 0, SHARE):
            return None
        return Symptom(
            f"G is too strong: for {self.gaps.span} steps D has ranked generated images above "
            f"real ones (D(x) {real:.3g}, D(G(z)) {fake:.3g}), so what it tells G leads nowhere.",
            {D_REAL: real, D_FAKE: fake, "steps": self.gaps.span},
        )

    def relief(self) -> Symptom | None:
        """Tell of a discriminator that has its ranking right again."""
        if self.gaps.latest_median <= 0:
            return None
        if self.losses.values and self.losses.latest_median < 2 * CONTENT:
            return None
        real, fake = self.scores
        return Symptom(
            f"D ranks real images above generated ones again: {real:.3g} to {fake:.3g}.",
            {D_REAL: real, D_FAKE: fake},
        )
