"""How far the discriminator's loss lies from that of a coin's toss, whatever the loss is."""

from __future__ import annotations

import math

from ganterm.components.losses import LOSSES
from ganterm.config import RunConfig
from ganterm.core.quantities import D_FAKE, D_REAL
from ganterm.core.records import Numbers


def chance_loss(config: RunConfig) -> float | None:
    """Return the loss of a discriminator that guesses; None where it has no such scale."""
    return LOSSES.facts(config.loss).d_chance


def loss_ratio(values: Numbers, config: RunConfig) -> float | None:
    """Return D's loss as a share of that of guessing: 0 is never wrong, 1 is a coin's toss.

    What smoothed labels make of the loss of a perfect discriminator is taken off first. None where
    nothing was measured, or the loss no such scale.
    """
    chance, loss = chance_loss(config), values.get("d_loss")
    if chance is None or loss is None:
        return None
    if config.d_reduction == "sum":
        loss /= 2
    least = 0.0
    if LOSSES.facts(config.loss).labels == "probability":
        least = (_entropy(config.real_label) + _entropy(config.fake_label)) / 2
    return (loss - least) / (chance - least) if chance > least else None


def gap(values: Numbers) -> float | None:
    """Return D(x) - D(G(z)): above 0 where D ranks real images higher, in the loss's own units."""
    real, fake = values.get(D_REAL), values.get(D_FAKE)
    return None if real is None or fake is None else real - fake


def _entropy(label: float) -> float:
    """Return the cross-entropy against `label` that is left at best; 0 outside of (0, 1)."""
    if not 0 < label < 1:
        return 0.0
    return -label * math.log(label) - (1 - label) * math.log(1 - label)
