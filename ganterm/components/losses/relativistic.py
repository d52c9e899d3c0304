"""Relativistic pairing (Jolicoeur-Martineau 2018, arXiv:1807.00734).

Huang et al. 2024 (arXiv:2501.05441) train it with R1 and R2 together. The discriminator says how
much more real one image is than another, so that only differences of logits mean anything.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ganterm.components.losses.base import PairedLoss, softplus

if TYPE_CHECKING:
    from torch import Tensor


def pairing(winners: Tensor, losers: Tensor) -> Tensor:
    """Return -log sigmoid(winner - loser) over the pairs of two batches (N,) and (N,)."""
    return softplus(losers - winners).mean()


RELATIVISTIC = PairedLoss(
    title="Relativistic",
    help="How much more real one image is than another, in pairs; trains with r1+r2.",
    # Each of the two reported terms is half of the one there is.
    d_chance=math.log(2) / 2,
    g_chance=math.log(2),
    pair=pairing,
)
