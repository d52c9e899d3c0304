"""The generator makes only a few of the things it should, or one and the same."""

from __future__ import annotations

from ganterm.components.datasets import DATASETS
from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom
from ganterm.doctor.window import Window

LASTING = 80
"""Steps for which it must last."""
SAME, VARIED = 0.005, 0.1
"""Diversity of samples that are all alike, and of samples that are not."""
FALLEN, RISEN = 0.2, 0.4
"""Share of the diversity the run had at its best, where the trouble begins and where it is over."""
RICH = 0.3
"""Diversity that a run must have had to have something to lose."""
MODES_LASTING = 200
"""Steps for which few of the modes of a mixture must be covered."""
MODES_BEGINNING = 300
"""Steps that a run is given to find the modes of a mixture: it begins without any."""
FEW_MODES, MANY_MODES = 0.5, 0.75
"""Share of the modes that is too few, and share with which the trouble is over."""


class ModeCollapse(Detector[MetricsRecord]):
    """Samples are all alike, or far less varied than they were: the batch's spread tells.

    Of a mixture of Gaussians the modes themselves are counted.
    """

    code = "mode-collapse"
    name = "Modes collapse"
    kind = MetricsRecord

    def __init__(self) -> None:
        super().__init__()
        self.diversity = Window(LASTING)
        self.modes = Window(MODES_LASTING)
        self.mode_count = 0
        self.best = 0.0

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in the diversity, and the modes where they are counted."""
        self.mode_count = len(DATASETS.facts(config.dataset).centres)
        if record.step >= MODES_BEGINNING:
            self.modes.add(record.step, record.values.get("modes"))
        self.diversity.add(record.step, record.values.get("diversity"))
        if self.diversity.full:
            self.best = max(self.best, min(self.diversity.median, 1.0))

    @property
    def _floor(self) -> float:
        return max(SAME, FALLEN * self.best if self.best >= RICH else 0.0)

    def symptom(self) -> Symptom | None:
        """Return the trouble where every value of a window is too low."""
        if self.modes.lasts(lambda count: count <= FEW_MODES * self.mode_count):
            return self._few_modes()
        floor = self._floor
        if not self.diversity.lasts(lambda value: value < floor):
            return None
        now = self.diversity.median
        before = f", down from {self.best:.0%}" if self.best >= RICH else ""
        return Symptom(
            f"Modes collapse: for {self.diversity.span} steps generated images have had {now:.1%} "
            f"of the diversity of real ones{before}; G has found a few images that D takes for "
            "real, and makes only those.",
            {"diversity": now, "best": self.best, "steps": self.diversity.span},
        )

    def _few_modes(self) -> Symptom:
        count, span = self.modes.median, self.modes.span
        now = self.diversity.latest_median if self.diversity.values else None
        return Symptom(
            f"Modes collapse: for {span} steps generated points have reached no more than "
            f"{max(self.modes.values):.2g} of {self.mode_count} modes; G makes what D takes for "
            "real at the moment, and leaves the others out.",
            {"modes": count, "diversity": now, "steps": span},
        )

    def relief(self) -> Symptom | None:
        """Tell of samples that are varied again."""
        if self.modes.values and self.modes.latest_median < MANY_MODES * self.mode_count:
            return None
        if not self.diversity.values:
            return None
        now = self.diversity.latest_median
        if now < max(VARIED, RISEN * self.best if self.best >= RICH else 0.0):
            return None
        return Symptom(
            f"Generated images have {now:.0%} of the diversity of real ones again.",
            {"diversity": now},
        )
