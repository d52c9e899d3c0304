"""The hinge loss (Lim & Ye 2017, arXiv:1705.02894)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.losses.base import Loss, lowered_score

if TYPE_CHECKING:
    from torch import Tensor

    from ganterm.components.losses.base import Label


def hinge_real(logits: Tensor, label: Label = 1.0) -> Tensor:
    """Return max(0, 1 - D(x)); the label has no part in it."""
    return (1 - logits).relu().mean()


def hinge_fake(logits: Tensor, label: Label = 0.0) -> Tensor:
    """Return max(0, 1 + D(G(z))); the label has no part in it."""
    return (1 + logits).relu().mean()


HINGE = Loss(
    title="Hinge",
    help="A score with a margin of 1 on either side, beyond which D is content.",
    d_chance=1.0,
    g_chance=0.0,
    real=hinge_real,
    fake=hinge_fake,
    generator=lowered_score,
)
