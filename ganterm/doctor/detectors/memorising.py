"""The networks know their training images by heart: D does, or G copies them."""

from __future__ import annotations

from ganterm.components.losses import LOSSES
from ganterm.config import RunConfig
from ganterm.core.quantities import OVERFITTING
from ganterm.core.records import JudgedRecord, MetricsRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom
from ganterm.doctor.window import Window

MANY, FEW = 0.1, 0.05
"""Share of copies where the trouble begins and where it is over."""
TIMES = 3
"""How many times the share among unseen real images it must be as well."""
KNOWN, HELD = 0.8, 0.7
"""Overfitting of D where the trouble begins and where it is over; adapting holds it at 0.6.

Of 1,797 digits a healthy D is at 0.4 after 50 passes, and rests at 0.36.
"""
PASSES = 50
"""Passes over the images before which D is at most ahead of G, and knows none of them."""
LASTING = 500
"""Steps for which D must know them."""


class Memorising(Detector[JudgedRecord | MetricsRecord]):
    """The judge finds too many copies, or D has known its images for long."""

    code = "memorising"
    name = "G memorises"
    kind = (JudgedRecord, MetricsRecord)

    def __init__(self) -> None:
        super().__init__()
        self.copies = 0.0
        self.usual = 0.0
        self.overfitting = Window(LASTING)
        self.passes = 0.0
        self.by_copies = False

    @property
    def windows(self) -> tuple[Window, ...]:
        """How far D knew them, which it may do less by now."""
        return (self.overfitting,)

    def take(self, record: JudgedRecord | MetricsRecord, config: RunConfig) -> None:
        """Take in the share of copies, and that of real images that were not trained on, or D's."""
        if isinstance(record, JudgedRecord):
            self.copies = record.score("copies") or 0.0
            self.usual = record.floor_of("copies") or 0.0
            return
        self.passes = record.values.get("epoch") or 0.0
        found, taken = record.values.get(OVERFITTING), record.values.get("acc_real")
        if found is None and taken is not None and LOSSES.facts(config.loss).has_zero:
            found = 2 * taken - 1  # the mean sign of D's output
        if self.passes >= PASSES:
            self.overfitting.add(record.step, found)

    def symptom(self) -> Symptom | None:
        """Return the trouble where D knows its images, or more are copied than by chance."""
        self.by_copies = self.copies >= max(MANY, TIMES * self.usual)
        if self.by_copies:
            return Symptom(
                f"G memorises: {self.copies:.0%} of generated images sit on a training image, "
                f"where {self.usual:.0%} of unseen real ones do; there are too few images for so "
                "much training.",
                {"copies": self.copies, "usual": self.usual},
            )
        if not self.overfitting.lasts(lambda value: value >= KNOWN, share=0.9):
            return None
        known, span = self.overfitting.median, self.overfitting.span
        return Symptom(
            f"D knows its training images by heart: for {span} steps its overfitting has been at "
            f"{known:.2f}, where 1 is full, after {self.passes:,.0f} passes over them; there are "
            "too few images for so much training, and G will memorise them.",
            {OVERFITTING: known, "steps": span},
        )

    def relief(self) -> Symptom | None:
        """Tell of images that are G's own again, or a D that is held back."""
        if self.by_copies:
            if self.copies > max(FEW, TIMES * self.usual / 2):
                return None
            return Symptom(
                f"{self.copies:.0%} of generated images sit on a training image, no more.",
                {"copies": self.copies},
            )
        if self.overfitting.latest_median > HELD:
            return None
        now = self.overfitting.latest_median
        return Symptom(f"D's overfitting has fallen to {now:.2f}.", {OVERFITTING: now})
