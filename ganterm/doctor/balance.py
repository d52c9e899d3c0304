"""How far the discriminator's loss lies from that of a coin's toss, whatever the loss is."""

from __future__ import annotations

import math
from typing import Final

from ganterm.config import RunConfig
from ganterm.runs.records import Record

_CHANCE: Final = {
    "minimax": math.log(2),
    "non-saturating": math.log(2),
    "least-squares": 1 / 8,
    "hinge": 1.0,
    # Each of the two reported terms is half of the one there is.
    "relativistic": math.log(2) / 2,
}
"""The mean of the real and the fake term of a discriminator that cannot tell them apart.

A Wasserstein critic has none: its score has no origin and no unit.
"""


def chance_loss(config: RunConfig) -> float | None:
    """Return the loss of a discriminator that guesses; None where it has no such scale."""
    return _CHANCE.get(config.loss)


def loss_ratio(record: Record, config: RunConfig) -> float | None:
    """Return D's loss as a share of that of guessing: 0 is never wrong, 1 is a coin's toss.

    What smoothed labels make of the loss of a perfect discriminator is taken off first. None where
    the record has no loss, or the loss no such scale.
    """
    chance, loss = chance_loss(config), record.get("d_loss")
    if chance is None or not isinstance(loss, (int, float)):
        return None
    if config.d_reduction == "sum":
        loss /= 2
    least = 0.0
    if config.loss in {"minimax", "non-saturating"}:
        least = (_entropy(config.real_label) + _entropy(config.fake_label)) / 2
    return (loss - least) / (chance - least) if chance > least else None


def gap(record: Record) -> float | None:
    """Return D(x) - D(G(z)): above 0 where D ranks real images higher, in the loss's own units."""
    real, fake = record.get("d_real"), record.get("d_fake")
    if isinstance(real, (int, float)) and isinstance(fake, (int, float)):
        return real - fake
    return None


def _entropy(label: float) -> float:
    """Return the cross-entropy against `label` that is left at best; 0 outside of (0, 1)."""
    if not 0 < label < 1:
        return 0.0
    return -label * math.log(label) - (1 - label) * math.log(1 - label)
