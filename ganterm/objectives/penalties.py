"""Penalties on the slope of the discriminator, as scalars to be weighed and added to its loss.

All are differentiable with respect to the discriminator's parameters and leave the graph of the
images alone. They run the discriminator in float32 even under autocast: a gradient's norm squared
and differentiated again has no digits left in bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Critic = Callable[[Tensor], Tensor]
"""Images (N, C, H, W) to logits (N,)."""


def wgan_gp(discriminator: Critic, real: Tensor, fake: Tensor, alpha: Tensor) -> Tensor:
    """Return the mean of (‖∇D(x̂)‖₂ - 1)² at x̂ = alpha·real + (1 - alpha)·fake.

    Gulrajani et al. 2017 (arXiv:1704.00028). `real` and `fake` are (N, C, H, W), `alpha` is (N,),
    uniform in [0, 1), one per image. Raises `ValueError` where the shapes do not agree.
    """
    if real.shape != fake.shape or alpha.shape != real.shape[:1]:
        raise ValueError(
            f"wgan_gp needs as many real as fake images and alphas, not {tuple(real.shape)}, "
            f"{tuple(fake.shape)} and {tuple(alpha.shape)}"
        )
    real, fake = _precise(real.detach()), _precise(fake.detach())
    mix = alpha.to(real.dtype).view(-1, *[1] * (real.ndim - 1))
    # vector_norm has the subgradient 0 at 0, where a square root of a sum would give NaN
    slopes = torch.linalg.vector_norm(_gradients(discriminator, torch.lerp(fake, real, mix)), dim=1)
    penalty: Tensor = (slopes - 1).square().mean()
    return penalty


def r1(discriminator: Critic, real: Tensor) -> Tensor:
    """Return half the mean of ‖∇D(x)‖² at real images (N, C, H, W); its weight is gamma.

    Mescheder et al. 2018 (arXiv:1801.04406).
    """
    squares = _gradients(discriminator, _precise(real.detach())).square().sum(1)  # (N,)
    return squares.mean() / 2


def r2(discriminator: Critic, fake: Tensor) -> Tensor:
    """Return half the mean of ‖∇D(x)‖² at generated images (N, C, H, W); its weight is gamma.

    Mescheder et al. 2018 (arXiv:1801.04406).
    """
    return r1(discriminator, fake)


def _gradients(discriminator: Critic, images: Tensor) -> Tensor:
    """Return each image's gradient of its own logit, flattened to (N, C·H·W), with its graph."""
    images = images.requires_grad_()
    with torch.autocast(images.device.type, enabled=False):
        # the sum's gradient is each image's own, where no layer ties the images of a batch
        (gradients,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
    return gradients.flatten(1)


def _precise(images: Tensor) -> Tensor:
    return images.to(torch.promote_types(images.dtype, torch.float32))
