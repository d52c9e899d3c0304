"""The two networks chase each other round in circles, and neither settles."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

from ganterm.components.losses import LOSSES
from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.doctor.balance import loss_ratio
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom
from ganterm.doctor.window import Window

LASTING = 300
"""Steps over which swings are counted, or as many as `RECORDS` records take where that is more."""
RECORDS = 12
MOMENT = 10
"""Steps whose mean says who wins: of a single batch chance has its say."""
MANY, FEW = 6, 2
"""Swings within them where the trouble begins and where it is over."""
WON, LOST = 0.9, 0.1
"""Share of generated images that D sees through when it has won, and when G has."""


class Oscillation(Detector[MetricsRecord]):
    """D sees through nearly every generated image, then through nearly none, again and again.

    Only where the loss has a scale: the threshold of other critics is a convention.
    """

    code = "oscillation"
    name = "Training oscillates"
    kind = MetricsRecord

    def __init__(self) -> None:
        super().__init__()
        self.accuracy = Window(LASTING)
        self._moment: list[float] = []
        self._began = 0

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in D's accuracy on generated images."""
        if (
            loss_ratio(record.values, config) is not None
            and not LOSSES.facts(config.loss).pairs_real
        ):
            value = record.values.get("acc_fake")
            self.accuracy.steps = max(LASTING, RECORDS * config.log_every)
            self._moment += [] if value is None else [value]
            if self._moment and record.step - self._began >= MOMENT:
                self.accuracy.add(record.step, fmean(self._moment))
                self._moment, self._began = [], record.step

    @property
    def _swings(self) -> int:
        """How often victory has changed sides within the window."""
        sides = [value >= WON for value in self.accuracy.values if not LOST < value < WON]
        return sum(a != b for a, b in pairwise(sides))

    def symptom(self) -> Symptom | None:
        """Return the trouble where victory changes sides too often."""
        swings = self._swings
        if swings < MANY:
            return None
        return Symptom(
            f"Training oscillates: {swings} times within {self.accuracy.span} steps D has gone "
            "from seeing through nearly every generated image to nearly none or back; each "
            "network overshoots what the other does.",
            {"swings": swings, "steps": self.accuracy.span},
        )

    def relief(self) -> Symptom | None:
        """Tell of a game that is steady again."""
        if self._swings > FEW or not self.accuracy.full:
            return None
        return Symptom("Training is steady again.", {"swings": self._swings})
