"""The zero-centred penalties R1 and R2 (Mescheder et al. 2018, arXiv:1801.04406)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.penalties.base import Penalty, gradients

if TYPE_CHECKING:
    from torch import Tensor

    from ganterm.components.penalties.base import Critic


def squared_slope(critic: Critic, images: Tensor) -> Tensor:
    """Return half the mean of ‖∇D(x)‖² at images (N, C, H, W); its weight is gamma."""
    return gradients(critic, images).square().sum(1).mean() / 2


R1 = Penalty(
    title="R1",
    help="Flat slopes at real images: steadies most GANs of small images.",
    on_real=squared_slope,
)
R2 = Penalty(title="R2", help="Flat slopes at generated images.", on_fake=squared_slope)
R1_R2 = Penalty(
    title="R1 and R2",
    help="Both, as the relativistic loss is trained with.",
    on_real=squared_slope,
    on_fake=squared_slope,
)
