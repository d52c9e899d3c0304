"""Generated images are copies of training images."""

from __future__ import annotations

from ganterm.config import RunConfig
from ganterm.core.records import JudgedRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom

MANY, FEW = 0.1, 0.05
"""Share of copies where the trouble begins and where it is over."""
TIMES = 3
"""How many times the share among unseen real images it must be as well."""


class Memorising(Detector[JudgedRecord]):
    """The judge finds too many generated images that sit on a training image."""

    code = "memorising"
    name = "G memorises"
    kind = JudgedRecord

    def __init__(self) -> None:
        super().__init__()
        self.copies = 0.0
        self.usual = 0.0

    def take(self, record: JudgedRecord, config: RunConfig) -> None:
        """Take in the share of copies, and the same of real images that were not trained on."""
        self.copies = record.score("copies") or 0.0
        self.usual = record.floor_of("copies") or 0.0

    def symptom(self) -> Symptom | None:
        """Return the trouble where there are far more copies than chance would make."""
        if self.copies < max(MANY, TIMES * self.usual):
            return None
        return Symptom(
            f"G memorises: {self.copies:.0%} of generated images sit on a training image, where "
            f"{self.usual:.0%} of unseen real ones do; there are too few images for so much "
            "training.",
            {"copies": self.copies, "usual": self.usual},
        )

    def relief(self) -> Symptom | None:
        """Tell of images that are G's own again."""
        if self.copies > max(FEW, TIMES * self.usual / 2):
            return None
        return Symptom(
            f"{self.copies:.0%} of generated images sit on a training image, no more.",
            {"copies": self.copies},
        )
