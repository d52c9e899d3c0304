"""Both losses stand still before anything was learnt: the networks do not change."""

from __future__ import annotations

import math

from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom
from ganterm.doctor.window import Window

LASTING = 150
"""Steps for which both losses must stand still."""
STILL, MOVING = 0.003, 0.02
"""Spread of a loss as a share of its size, where the trouble begins and where it is over.

What chance makes of the batches alone is more than this wherever both networks learn.
"""
ARRIVED = 0.3
"""Diversity from which losses may stand still: those of a game that is decided do."""


class Stall(Detector[MetricsRecord]):
    """Neither loss moves: rates of zero, or networks from which no gradient comes."""

    code = "stall"
    name = "Training stands still"
    kind = MetricsRecord
    lost = True

    def __init__(self) -> None:
        super().__init__()
        self.losses = {"d_loss": Window(LASTING), "g_loss": Window(LASTING)}
        self.diversity = Window(LASTING)
        self.largest_rate = Window(LASTING)
        self.rates = (0.0, 0.0)

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in both losses, and the diversity."""
        self.diversity.add(record.step, record.values.get("diversity"))
        self.rates = (config.lr_g, config.lr_d)
        self.largest_rate.add(record.step, max(self.rates))
        for key, window in self.losses.items():
            window.add(record.step, record.values.get(key))

    def _spreads(self) -> dict[str, float]:
        return {key: _spread(window.values) for key, window in self.losses.items()}

    def symptom(self) -> Symptom | None:
        """Return the trouble where both losses have hardly moved."""
        if not all(window.full for window in self.losses.values()):
            return None
        spreads = self._spreads()
        # What the losses of networks that cannot change show is the chance of the batches.
        if not self.largest_rate.lasts(lambda rate: rate == 0):
            if not self.diversity.lasts(lambda value: value < ARRIVED):
                return None
            if max(spreads.values()) >= STILL:
                return None
        d_loss, g_loss = (window.median for window in self.losses.values())
        span = self.losses["d_loss"].span
        lr_g, lr_d = self.rates
        return Symptom(
            f"Training stands still: for {span} steps neither loss has moved (D {d_loss:.4g}, G "
            f"{g_loss:.4g}) at rates of {lr_g:g} for G and {lr_d:g} for D; no gradient comes "
            "through, or the rates are too low.",
            {"d_loss": d_loss, "g_loss": g_loss, "steps": span, **_by_name(spreads)},
        )

    def relief(self) -> Symptom | None:
        """Tell of losses that move again."""
        spreads = self._spreads()
        if max(self.rates) == 0 or max(spreads.values()) < MOVING:
            return None
        return Symptom("The losses move again.", _by_name(spreads))


def _spread(values: list[float]) -> float:
    """Return the standard deviation as a share of the mean's size."""
    # The statistics module's is exact, and a hundred times slower.
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return math.sqrt(variance) / (abs(mean) or 1.0)


def _by_name(spreads: dict[str, float]) -> dict[str, float]:
    """Return the spreads under the names that the evidence has for them."""
    return {f"{key}_spread": value for key, value in spreads.items()}
