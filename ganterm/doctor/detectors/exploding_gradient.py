"""A gradient beyond all measure: its steps overshoot whatever they aim at."""

from __future__ import annotations

from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.detectors.gradients import NETWORKS, Norms
from ganterm.doctor.finding import Symptom

LASTING = 50
"""Steps for which the gradient must be huge."""
HUGE, USUAL = 1000.0, 300.0
"""Norms where the trouble begins and where it is over; healthy networks stay far below 100."""


class ExplodingGradient(Detector[MetricsRecord]):
    """The gradient of G or of D is huge, and not for a moment alone."""

    code = "exploding-gradient"
    name = "A gradient explodes"
    kind = MetricsRecord
    lost = True

    def __init__(self) -> None:
        super().__init__()
        self.norms = Norms(LASTING)

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in the gradient norms."""
        self.norms.take(record)

    def symptom(self) -> Symptom | None:
        """Return the trouble of the network whose gradient is the larger."""
        found = {
            key: norms
            for key, norms in self.norms.latest.items()
            if norms.lasts(lambda norm: norm > HUGE, share=0.75)
        }
        if not found:
            return None
        key = max(found, key=lambda each: found[each].median)
        norms = found[key]
        return Symptom(
            f"The gradient of {NETWORKS[key]} explodes: for {norms.span} steps its norm has been "
            f"about {norms.median:.1e}, where healthy networks stay far below 100.",
            {key: norms.median, "steps": norms.span},
        )

    def relief(self) -> Symptom | None:
        """Tell of gradients that are of a usual size again."""
        medians = {k: n.latest_median for k, n in self.norms.latest.items() if n.values}
        if not medians or max(medians.values()) > USUAL:
            return None
        return Symptom("The gradients are of a usual size again.", medians)
