"""The smallest convolutional GAN that draws good digits: for training in seconds on a CPU.

Most of the step of a DCGAN at 28x28 goes into its wide layers at half the side. Here these are
narrow, kernels of 4 overlap evenly where a transposed convolution doubles the side (Odena et al.
2016, doi:10.23915/distill.00003), and the discriminator has no batch normalisation, which a
gradient penalty would have to do without.
"""

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

SLOPE = 0.01


def generator(spec: GeneratorSpec) -> nn.Sequential:
    """Build the generator: (N, z_dim) to (N, C, H, W)."""
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=True)
    first, second, third = (scaled(channels, spec.width) for channels in (32, 32, 16))
    height, width = spec.size.height // 4, spec.size.width // 4
    return nn.Sequential(
        nn.Linear(spec.z_dim, first * height * width),
        nn.Unflatten(1, (first, height, width)),  # (N, 32, H/4, W/4)
        nn.ConvTranspose2d(first, second, 4, stride=2, padding=1),  # (N, 32, H/2, W/2)
        *norm_2d(second, enabled=normalised),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(second, third, 3, padding=1),  # (N, 16, H/2, W/2)
        *norm_2d(third, enabled=normalised),
        nn.LeakyReLU(SLOPE),
        nn.ConvTranspose2d(third, spec.channels, 4, stride=2, padding=1),  # (N, C, H, W)
        nn.Tanh(),
    )


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the discriminator: (N, C, 28, 28) to (N, 16, 14, 14), (N, 32, 7, 7), (N, 64, 4, 4)."""
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=False)

    def after(channels: int, may: bool) -> list[nn.Module]:
        return [*norm_2d(channels, enabled=normalised and may), nn.LeakyReLU(SLOPE)]

    return strided(spec, (16, 32, 64), kernel=3, after=after)


COMPACT = GeneratorFamily(
    title="Compact",
    help="Narrow transposed convolutions: good digits in seconds on a CPU.",
    image_sizes=ImageSizes(minimum=8, multiple=4),
    batch_norm=True,
    build=generator,
)
COMPACT_DISCRIMINATOR = DiscriminatorFamily(
    title="Compact",
    help="Three narrow strided convolutions, 16-32-64 channels, no norm.",
    image_sizes=ImageSizes(minimum=8),
    build=discriminator,
)
