"""The minimax game (Goodfellow et al. 2014, arXiv:1406.2661)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ganterm.components.losses.base import Loss, cross_entropy, softplus

if TYPE_CHECKING:
    from torch import Tensor


def saturating(logits: Tensor) -> Tensor:
    """Return log(1 - D(G(z))), the generator's side of the game."""
    return -softplus(logits).mean()


MINIMAX = Loss(
    title="Minimax",
    help="The game as published: G lowers log(1 - D), and learns little from a D that wins.",
    labels="probability",
    output="probability",
    d_chance=math.log(2),
    g_chance=-math.log(2),
    unsaturated="non-saturating",
    real=cross_entropy,
    fake=cross_entropy,
    generator=saturating,
)
