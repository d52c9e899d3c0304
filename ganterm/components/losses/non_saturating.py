"""What the authors of the minimax game trained with (Goodfellow et al. 2014, arXiv:1406.2661)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ganterm.components.losses.base import Loss, cross_entropy, softplus

if TYPE_CHECKING:
    from torch import Tensor


def non_saturating(logits: Tensor) -> Tensor:
    """Return -log D(G(z)): cross-entropy of the fakes against the label 1."""
    return softplus(-logits).mean()


NON_SATURATING = Loss(
    title="Non-saturating",
    help="Cross-entropy in which G raises log D, so that it learns from a D that wins.",
    labels="probability",
    output="probability",
    d_chance=math.log(2),
    g_chance=math.log(2),
    real=cross_entropy,
    fake=cross_entropy,
    generator=non_saturating,
)
