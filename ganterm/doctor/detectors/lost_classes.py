"""Whole classes are missing among the generated images, as a judge counts them."""

from __future__ import annotations

from ganterm.config import RunConfig
from ganterm.core.records import JudgedRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom

JUDGEMENTS = 2
"""Judgements in a row that must say so: an early one finds classes that are yet to come."""
LOST, FOUND = 0.5, 0.7
"""Share of the classes that is captured where the trouble begins and where it is over."""


class LostClasses(Detector[JudgedRecord]):
    """Mode collapse as the class histogram of a judged run shows it."""

    code = "lost-classes"
    name = "Classes are missing"
    kind = JudgedRecord

    def __init__(self) -> None:
        super().__init__()
        self.shares: list[float] = []
        self.counts = (0, 0)

    def take(self, record: JudgedRecord, config: RunConfig) -> None:
        """Take in how many of its classes the judge found."""
        modes, classes = record.score("modes"), record.classes
        if modes is not None and classes:
            self.counts = (int(modes), len(classes))
            self.shares = [*self.shares, modes / len(classes)][-JUDGEMENTS:]

    def symptom(self) -> Symptom | None:
        """Return the trouble where half of the classes are missing time and again."""
        if len(self.shares) < JUDGEMENTS or max(self.shares) > LOST:
            return None
        modes, classes = self.counts
        return Symptom(
            f"Classes are missing: the judge finds only {modes} of {classes} among the generated "
            f"images, and at most {max(self.shares):.0%} of them in {JUDGEMENTS} judgements.",
            {"modes": modes, "classes": classes},
        )

    def relief(self) -> Symptom | None:
        """Tell of classes that have come back."""
        if not self.shares or self.shares[-1] < FOUND:
            return None
        modes, classes = self.counts
        return Symptom(
            f"The judge finds {modes} of {classes} classes again.",
            {"modes": modes, "classes": classes},
        )
