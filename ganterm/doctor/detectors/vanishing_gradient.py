"""The generator's gradient has all but gone: whatever it makes, it is told nothing."""

from __future__ import annotations

from ganterm.components.losses import LOSSES
from ganterm.config import RunConfig
from ganterm.core.quantities import D_FAKE
from ganterm.core.records import MetricsRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.detectors.gradients import Norms
from ganterm.doctor.finding import Symptom
from ganterm.doctor.window import Window

LASTING, MOST = 80, 0.6
"""Steps over which it is looked for, and the share of what was measured in them that shows it."""
GONE, BACK = 1e-5, 1e-3
"""Norms of G's gradient where the trouble begins and where it is over."""
SHARE = 1e-3
"""Of the norm that was usual in the run: what counts as gone beside it."""
STARVED, FED = 0.05, 0.1
"""D(G(z)) under a loss that saturates, where the trouble begins and where it is over.

Of what the loss's own unsaturated form would tell G, that is the share that it is told.
"""


class VanishingGradient(Detector[MetricsRecord]):
    """G's gradient is nothing: by itself, beside what it was earlier, or by what its loss leaves.

    The norm alone does not tell of the last: a D that wins is steep, and has the gradient large.
    """

    code = "vanishing-gradient"
    name = "G's gradient has vanished"
    kind = MetricsRecord
    lost = True

    def __init__(self) -> None:
        super().__init__()
        self.norms = Norms(LASTING)
        self.told = Window(LASTING)
        self.instead = ""

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in the gradient norms, and D(G(z)) where the loss saturates."""
        self.norms.take(record)
        self.instead = LOSSES.facts(config.loss).unsaturated
        if self.instead:
            self.told.add(record.step, record.values.get(D_FAKE))

    @property
    def windows(self) -> tuple[Window, ...]:
        """Those of which a part is enough."""
        return self.norms.latest["grad_norm_g"], self.told

    def symptom(self) -> Symptom | None:
        """Return the trouble where most norms of the window are next to nothing."""
        if self.told.lasts(lambda value: value < STARVED, MOST):
            now, span = self.told.median, self.told.span
            return Symptom(
                f"G's gradient has vanished: for {span} steps D(G(z)) has been about {now:.1e}, "
                f"and under this loss G is told that share of what {self.instead} would tell it.",
                {D_FAKE: now, "steps": span},
            )
        norms = self.norms.latest["grad_norm_g"]
        usual = self.norms.largest["grad_norm_g"]
        limit = max(GONE, usual * SHARE)
        if not norms.lasts(lambda norm: norm < limit, MOST):
            return None
        return Symptom(
            f"G's gradient has vanished: for {norms.span} steps its norm has been about "
            f"{norms.median:.1e}, after {usual:.1e} before, so G no longer changes.",
            {"grad_norm_g": norms.median, "before": usual, "steps": norms.span},
        )

    def relief(self) -> Symptom | None:
        """Tell of a gradient that is back."""
        if self.told.values and self.told.latest_median < FED:
            return None
        norms = self.norms.latest["grad_norm_g"]
        limit = max(BACK, 10 * SHARE * self.norms.largest["grad_norm_g"])
        if norms.latest_median < limit:
            return None
        return Symptom(
            f"G has a gradient again: its norm is {norms.latest_median:.1e}.",
            {"grad_norm_g": norms.latest_median},
        )
