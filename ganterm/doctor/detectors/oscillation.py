"""The two networks chase each other round in circles, and neither settles."""

from __future__ import annotations

from collections import deque

from ganterm.components.losses import LOSSES
from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.doctor.balance import loss_ratio
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom

MOMENT, BLOCK = 10, 50
"""Steps whose mean says who wins, and steps that are looked at together: of a single batch chance
has its say. Where a record is of more, its own."""
LATEST, MANY, FEW = 5, 4, 1
"""Of the latest blocks, those in which victory changed sides: where the trouble is there, and where
it is over."""
WON, LOST = 0.9, 0.1
"""Share of generated images that D sees through when it has won, and when G has."""
KNOWN = 0.8
"""Share of real images that D takes for real meanwhile: where it guesses, whole batches fall to
one side or the other by chance."""
BOTH = 0.2
"""By how much moments are more one-sided than all of a block, to call it torn: 1 where each wins
half of them, and a half where one wins a tenth."""


class Oscillation(Detector[MetricsRecord]):
    """D sees through nearly every generated image, then through nearly none, again and again.

    Only where the loss has a scale: the threshold of other critics is a convention.
    """

    code = "oscillation"
    name = "Training oscillates"
    kind = MetricsRecord

    def __init__(self) -> None:
        super().__init__()
        self.changed: deque[bool] = deque(maxlen=LATEST)
        self.span = self._seen = 0
        self._won: bool | None = None
        # Means, and the steps that they are of: of records, and of moments on real and fake.
        self._records: list[tuple[int, float, float]] = []
        self._moments: list[tuple[int, float, float]] = []

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in D's accuracies."""
        steps, self._seen = record.step - self._seen, record.step
        real, fake = record.values.get("acc_real"), record.values.get("acc_fake")
        if (
            real is None
            or fake is None
            or loss_ratio(record.values, config) is None
            or LOSSES.facts(config.loss).pairs_real
        ):
            return
        self._records.append((steps, real, fake))
        if (moment := _mean(self._records))[0] >= MOMENT:
            self._records = []
            self._moments.append(moment)
            if _mean(self._moments)[0] >= BLOCK:
                self._close()

    def _close(self) -> None:
        """Judge the moments of a block, and begin another."""
        steps, real, fake = _mean(self._moments)
        one_sided = sum(each * _lead(won) for each, _, won in self._moments) / steps
        torn = one_sided - _lead(fake) > BOTH
        before, self._moments = self._won, []
        if torn:
            self._won = None
        elif fake >= WON or fake <= LOST:
            self._won = fake >= WON
        changed = torn or (before is not None and self._won is not before)
        self.changed.append(changed and real >= KNOWN)
        self.span = steps * len(self.changed)

    def symptom(self) -> Symptom | None:
        """Return the trouble where victory changes sides all the time."""
        if sum(self.changed) < MANY:
            return None
        return Symptom(
            f"Training oscillates: at least {sum(self.changed)} times within {self.span} steps D "
            "has gone from seeing through nearly every generated image to nearly none or back; "
            "each network overshoots what the other does.",
            {"swings": sum(self.changed), "steps": self.span},
        )

    def relief(self) -> Symptom | None:
        """Tell of a game that is steady again."""
        if sum(self.changed) > FEW:
            return None
        return Symptom("Training is steady again.", {"swings": sum(self.changed)})


def _mean(parts: list[tuple[int, float, float]]) -> tuple[int, float, float]:
    """Return the steps of all parts, and the means over them."""
    steps = sum(each for each, *_ in parts)
    real, fake = (sum(each[0] * each[place] for each in parts) / steps for place in (1, 2))
    return steps, real, fake


def _lead(accuracy: float) -> float:
    """Return how one-sided it is: 1 where one has won, and next to nothing where neither has."""
    return float(abs(2 * accuracy - 1) ** 3)
