"""The judge finds nothing better any more."""

from __future__ import annotations

from ganterm.components.scores import MAIN
from ganterm.config import RunConfig
from ganterm.core.records import JudgedRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom

JUDGEMENTS = 6
"""Judgements in a row without a better one: scores of one run wander by more than a little."""
BETTER = 0.98
"""Share of the best distance so far that a new one must come below to count as better."""
CLEAR = 2.0
"""Deviations of the judge's floor that it must come below it by, where they are known."""


class Plateau(Detector[JudgedRecord]):
    """The distance to real images has not fallen for many judgements.

    A game has no loss that falls, so only scores can tell a run that stands still.
    """

    code = "plateau"
    name = "Scores no longer improve"
    kind = JudgedRecord

    def __init__(self) -> None:
        super().__init__()
        self.judge = ""
        self.best = float("inf")
        self.best_step = self.step = 0
        self.waited = 0
        self.floor: float | None = None

    def take(self, record: JudgedRecord, config: RunConfig) -> None:
        """Take in the Fréchet distance; another judge's figures begin anew."""
        distance = record.score(MAIN)
        if distance is None:
            return
        if record.judge != self.judge:
            self.judge, self.best = record.judge, float("inf")
        self.step, self.floor = record.step, record.floor_of(MAIN)
        wanders = CLEAR * (record.floor_deviation or 0.0)
        if distance < min(BETTER * self.best, self.best - wanders):
            self.best, self.best_step, self.waited = distance, self.step, 0
        elif self.step > self.best_step:
            self.waited += 1

    def symptom(self) -> Symptom | None:
        """Return the trouble where no judgement was better for long."""
        if self.waited < JUDGEMENTS:
            return None
        floor = "" if self.floor is None else f" (real images: {self.floor:.3g})"
        return Symptom(
            f"Scores no longer improve: the Fréchet distance was {self.best:.3g}{floor} at step "
            f"{self.best_step:,}, and none of the {self.waited} judgements since was clearly "
            "better.",
            {MAIN: self.best, "best_step": self.best_step, "judgements": self.waited},
        )

    def relief(self) -> Symptom | None:
        """Tell of a distance that is the best so far."""
        if self.waited:
            return None
        return Symptom(
            f"Scores improve again: the Fréchet distance is {self.best:.3g}.", {MAIN: self.best}
        )
