"""The GAN that upsamples by nearest neighbours and convolves, and its critic with dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.networks.blocks import has_batch_norm, norm_2d, scaled, strided
from ganterm.components.networks.facts import (
    DiscriminatorFamily,
    DiscriminatorParts,
    DiscriminatorSpec,
    GeneratorFamily,
    GeneratorSpec,
    ImageSizes,
)

if TYPE_CHECKING:
    from torch import nn


def generator(spec: GeneratorSpec) -> nn.Sequential:
    """Build the generator: (N, z_dim) to (N, C, H, W)."""
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=True)
    first, second = scaled(128, spec.width), scaled(64, spec.width)
    height, width = spec.size.height // 4, spec.size.width // 4
    return nn.Sequential(
        nn.Linear(spec.z_dim, first * height * width),
        nn.Unflatten(1, (first, height, width)),  # (N, 128, H/4, W/4)
        *norm_2d(first, enabled=normalised),
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(first, first, 3, padding=1),  # (N, 128, H/2, W/2)
        *norm_2d(first, enabled=normalised),
        nn.ReLU(),
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(first, second, 3, padding=1),  # (N, 64, H, W)
        *norm_2d(second, enabled=normalised),
        nn.ReLU(),
        nn.Conv2d(second, spec.channels, 3, padding=1),  # (N, C, H, W)
        nn.Tanh(),
    )


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the discriminator over images (N, C, H, W); with `norm="none"`, the WGAN-GP critic.

    Batch normalisation ties the images of a batch together, so that the penalty on each image's
    gradient (Gulrajani et al. 2017, arXiv:1704.00028) no longer bounds the critic's slope.
    """
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=True)

    def after(channels: int, may: bool) -> list[nn.Module]:
        norm = norm_2d(channels, enabled=normalised and may)
        return [nn.LeakyReLU(0.2), nn.Dropout2d(0.25), *norm]

    return strided(spec, (16, 32, 64, 128), kernel=3, after=after)


UPSAMPLE = GeneratorFamily(
    title="Upsampling",
    help="Nearest-neighbour upsampling + convolution, batch norm.",
    image_sizes=ImageSizes(minimum=8, multiple=4),
    batch_norm=True,
    build=generator,
)
UPSAMPLE_DISCRIMINATOR = DiscriminatorFamily(
    title="Convolutions with dropout",
    help="Four strided convolutions with dropout and batch norm.",
    # Below 9 the last convolution would look at one pixel and its padding; PyTorch's CPU
    # kernels leave the bfloat16 gradient of the weights that only see padding unwritten.
    image_sizes=ImageSizes(minimum=9),
    batch_norm=True,
    build=discriminator,
)
