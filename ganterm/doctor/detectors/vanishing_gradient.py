"""The generator's gradient has all but gone: whatever it makes, it is told nothing."""

from __future__ import annotations

from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.detectors.gradients import Norms
from ganterm.doctor.finding import Symptom

LASTING = 80
"""Steps for which the gradient must be gone."""
GONE, BACK = 1e-5, 1e-3
"""Norms of G's gradient where the trouble begins and where it is over."""
SHARE = 1e-3
"""Of the norm that was usual in the run: what counts as gone beside it."""


class VanishingGradient(Detector[MetricsRecord]):
    """G's gradient is nothing, by itself or beside what it was earlier in the run."""

    code = "vanishing-gradient"
    name = "G's gradient has vanished"
    kind = MetricsRecord
    lost = True

    def __init__(self) -> None:
        super().__init__()
        self.norms = Norms(LASTING)

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in the gradient norms."""
        self.norms.take(record)

    def symptom(self) -> Symptom | None:
        """Return the trouble where every norm of the window is next to nothing."""
        norms = self.norms.latest["grad_norm_g"]
        usual = self.norms.largest["grad_norm_g"]
        limit = max(GONE, usual * SHARE)
        if not norms.lasts(lambda norm: norm < limit):
            return None
        return Symptom(
            f"G's gradient has vanished: for {norms.span} steps its norm has been about "
            f"{norms.median:.1e}, after {usual:.1e} before, so G no longer changes.",
            {"grad_norm_g": norms.median, "before": usual, "steps": norms.span},
        )

    def relief(self) -> Symptom | None:
        """Tell of a gradient that is back."""
        norms = self.norms.latest["grad_norm_g"]
        limit = max(BACK, 10 * SHARE * self.norms.largest["grad_norm_g"])
        if norms.latest_median < limit:
            return None
        return Symptom(
            f"G has a gradient again: its norm is {norms.latest_median:.1e}.",
            {"grad_norm_g": norms.latest_median},
        )
