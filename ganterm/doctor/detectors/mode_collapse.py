"""The generator makes only a few of the things it should, or one and the same."""

from __future__ import annotations

from ganterm.components.datasets import DATASETS
from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom
from ganterm.doctor.window import Window

LASTING, SHARE = 80, 0.6
"""Steps over which it is looked for, and the share of what was measured in them that shows it."""
SAME, VARIED = 0.005, 0.1
"""Diversity of samples that are all alike, and of samples that are not."""
FALLEN, RISEN = 0.65, 0.8
"""Share of the diversity the run had at its best, where the trouble begins and where it is over.

Samples that have lost half of what they covered are still two thirds as far apart.
"""
FALLEN_FAR = 0.25
"""The same of a run that never was varied, whose diversity wanders before it rises."""
RICH, LEARNT = 0.3, 100
"""Diversity that a run must have had to have something to lose, and steps before which none
counts: the noise of a generator that has learnt nothing is varied, too."""
RISING = 1000
"""Steps that a run is given to become varied at all, where D sees through nearly everything."""
WON = 0.95
"""Accuracy of a D that sees through nearly everything."""
MODES_LASTING = 200
"""Steps for which few of the modes of a mixture must be covered where they never were many."""
MODES_BEGINNING = 400
"""Steps that a run is given to find the modes of a mixture: it begins without any."""
FEW_MODES, MANY_MODES = 0.5, 0.75
"""Share of the modes that is too few, and share with which the trouble is over."""


class ModeCollapse(Detector[MetricsRecord]):
    """Samples are all alike, far less varied than they were, or never became varied.

    The batch's spread tells. Of a mixture of Gaussians the modes themselves are counted.
    """

    code = "mode-collapse"
    name = "Modes collapse"
    kind = MetricsRecord

    def __init__(self) -> None:
        super().__init__()
        self.diversity = Window(LASTING)
        self.accuracy = Window(LASTING)
        self.modes = Window(LASTING)
        self.modes_long = Window(MODES_LASTING)
        self.mode_count = 0
        self.best = 0.0
        self.most = 0.0
        self.step = 0

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in the diversity and D's accuracy, or the modes where they are counted."""
        self.step = record.step
        self.mode_count = len(DATASETS.facts(config.dataset).centres)
        values = record.values
        if self.mode_count:
            self.modes.add(record.step, values.get("modes"))
            if record.step >= MODES_BEGINNING:
                self.modes_long.add(record.step, values.get("modes"))
            if self.modes.full:
                self.most = max(self.most, self.modes.median)
            return
        real, fake = values.get("acc_real"), values.get("acc_fake")
        if real is not None and fake is not None:
            self.accuracy.add(record.step, min(real, fake))
        self.diversity.add(record.step, values.get("diversity"))
        if self.diversity.full and record.step - self.diversity.span >= LEARNT:
            self.best = max(self.best, min(self.diversity.median, 1.0))

    @property
    def windows(self) -> tuple[Window, ...]:
        """Those of which a part is enough."""
        return self.diversity, self.accuracy, self.modes, self.modes_long

    def symptom(self) -> Symptom | None:
        """Return the trouble where most values of a window are too low."""
        if self.mode_count:
            return self._few_modes()
        if self._never_rose:
            now = self.diversity.median
            return Symptom(
                f"Modes collapse: after {self.step} steps generated images have {now:.1%} of the "
                f"diversity of real ones and never had more than {self.best:.0%}, while D sees "
                f"through {self.accuracy.median:.0%} of all; what G makes never became varied.",
                {"diversity": now, "best": self.best, "steps": self.step},
            )
        floor = max(SAME, (FALLEN if self.best >= RICH else FALLEN_FAR) * self.best)
        if not self.diversity.lasts(lambda value: value < floor, SHARE):
            return None
        now = self.diversity.median
        before = f", down from {self.best:.0%}" if floor > SAME else ""
        return Symptom(
            f"Modes collapse: for {self.diversity.span} steps generated images have had {now:.1%} "
            f"of the diversity of real ones{before}; G has found a few images that D takes for "
            "real, and makes only those.",
            {"diversity": now, "best": self.best, "steps": self.diversity.span},
        )

    @property
    def _never_rose(self) -> bool:
        return (
            self.step >= RISING
            and self.best < RICH
            and self.diversity.full
            and self.accuracy.lasts(lambda value: value >= WON, SHARE)
        )

    def _few_modes(self) -> Symptom | None:
        few = FEW_MODES * self.mode_count
        windows = [self.modes_long]
        if self.most > few:
            windows.append(self.modes)
        found = next((w for w in windows if w.lasts(lambda count: count <= few, SHARE)), None)
        if found is None:
            return None
        count, span = found.median, found.span
        return Symptom(
            f"Modes collapse: for {span} steps generated points have covered about {count:.2g} of "
            f"{self.mode_count} modes; G makes what D takes for real at the moment, and leaves "
            "the others out.",
            {"modes": count, "steps": span},
        )

    def relief(self) -> Symptom | None:
        """Tell of samples that are varied again."""
        if self.mode_count:
            now = self.modes.latest_median
            if now < MANY_MODES * self.mode_count:
                return None
            return Symptom(
                f"Generated points cover {now:.2g} of {self.mode_count} modes again.",
                {"modes": now},
            )
        now = self.diversity.latest_median
        least = RISEN * self.best if self.best >= RICH else RICH if self.step >= RISING else VARIED
        if now < least:
            return None
        return Symptom(
            f"Generated images have {now:.0%} of the diversity of real ones again.",
            {"diversity": now},
        )
