"""The convolutional GAN for scikit-learn's 8x8 digits, small enough to train anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.networks.blocks import has_batch_norm, norm_2d, scaled
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

    from ganterm.core.dataspec import Size


def generator(spec: GeneratorSpec) -> nn.Sequential:
    """Build the generator: (N, z_dim) to (N, C, 8, 8)."""
    from torch import nn

    _check(spec.size)
    normalised = has_batch_norm(spec.norm, published=False)
    first, second = scaled(64, spec.width), scaled(32, spec.width)
    return nn.Sequential(
        nn.Unflatten(1, (spec.z_dim, 1, 1)),
        nn.ConvTranspose2d(spec.z_dim, first, 3),  # (N, 64, 3, 3)
        *norm_2d(first, enabled=normalised),
        nn.ReLU(),
        nn.ConvTranspose2d(first, second, 3),  # (N, 32, 5, 5)
        *norm_2d(second, enabled=normalised),
        nn.ReLU(),
        nn.ConvTranspose2d(second, spec.channels, 4),  # (N, C, 8, 8)
        nn.Tanh(),
    )


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the discriminator over images (N, C, 8, 8)."""
    from torch import nn

    _check(spec.size)
    normalised = has_batch_norm(spec.norm, published=False)
    first, second = scaled(16, spec.width), scaled(32, spec.width)
    body = nn.Sequential(
        nn.Conv2d(spec.channels, first, 4),  # (N, 16, 5, 5)
        nn.LeakyReLU(0.2),
        nn.Conv2d(first, second, 3),  # (N, 32, 3, 3)
        *norm_2d(second, enabled=normalised),
        nn.LeakyReLU(0.2),
    )
    return DiscriminatorParts(body, nn.Conv2d(second, 1, 3), second * 3 * 3)


def _check(size: Size) -> None:
    # the unpadded kernels fix the size
    if size != (8, 8):
        raise ValueError(f"the 8x8 family builds 8x8 images, not {size}")


DCGAN_8X8 = GeneratorFamily(
    title="DCGAN of 8x8",
    help="Three small transposed convolutions for the embedded 8x8 digits.",
    image_sizes=ImageSizes(only=(8,)),
    published_size=8,
    z_dim=64,
    build=generator,
)
DCGAN_8X8_DISCRIMINATOR = DiscriminatorFamily(
    title="DCGAN of 8x8",
    help="Three small convolutions for the embedded 8x8 digits.",
    image_sizes=ImageSizes(only=(8,)),
    published_size=8,
    build=discriminator,
)
