"""The gradient penalty of WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.penalties.base import Penalty, gradients

if TYPE_CHECKING:
    from torch import Tensor

    from ganterm.components.penalties.base import Critic


def wgan_gp(critic: Critic, real: Tensor, fake: Tensor, alpha: Tensor | None = None) -> Tensor:
    """Return the mean of (‖∇D(x̂)‖₂ - 1)² at x̂ = alpha·real + (1 - alpha)·fake.

    `real` and `fake` are (N, C, H, W); `alpha` is (N,), by default uniform in [0, 1), one per
    image. Raises `ValueError` where the shapes do not agree.
    """
    import torch  # noqa: PLC0415 - faces read penalties without PyTorch

    if alpha is None:
        alpha = torch.rand(real.shape[0], device=real.device)
    if real.shape != fake.shape or alpha.shape != real.shape[:1]:
        raise ValueError(
            f"wgan_gp needs as many real as fake images and alphas, not {tuple(real.shape)}, "
            f"{tuple(fake.shape)} and {tuple(alpha.shape)}"
        )
    real, fake = (
        images.to(torch.promote_types(images.dtype, torch.float32))
        for images in (real.detach(), fake.detach())
    )
    mix = alpha.to(real.dtype).view(-1, *[1] * (real.ndim - 1))
    # vector_norm has the subgradient 0 at 0, where a square root of a sum would give NaN
    slopes = torch.linalg.vector_norm(gradients(critic, torch.lerp(fake, real, mix)), dim=1)
    penalty: Tensor = (slopes - 1).square().mean()
    return penalty


WGAN_GP = Penalty(
    title="WGAN-GP",
    help="Slopes of 1 between real and generated images; made for the wasserstein loss.",
    weight=10.0,
    needs_both=True,
    on_both=wgan_gp,
)
