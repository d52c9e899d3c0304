"""Least squares (Mao et al. 2016, arXiv:1611.04076) with a = 0 and b = c = 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.losses.base import Loss

if TYPE_CHECKING:
    from torch import Tensor

    from ganterm.components.losses.base import Label


def squared_error(logits: Tensor, label: Label) -> Tensor:
    """Return half the squared distance of the discriminator's output to a label."""
    return (logits - label).square().mean() / 2


LEAST_SQUARES = Loss(
    title="Least squares",
    help="Squared distance of D's output from the labels; any numbers will do for them.",
    labels="number",
    output="label",
    d_chance=1 / 8,
    g_chance=1 / 8,
    real=squared_error,
    fake=squared_error,
    generator=lambda logits: squared_error(logits, 1.0),
)
