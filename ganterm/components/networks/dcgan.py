"""The tutorials' 28x28 GAN, after DCGAN (Radford et al. 2015, arXiv:1511.06434).

Its variant with resizing instead of strided transposed convolutions avoids checkerboard artefacts
(Odena et al. 2016, doi:10.23915/distill.00003).
"""

from __future__ import annotations

from collections.abc import Callable
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
    """Build the generator with transposed convolutions: (N, z_dim) to (N, C, H, W)."""
    return _generator(_transposed, spec)


def resize_generator(spec: GeneratorSpec) -> nn.Sequential:
    """Build the generator that resizes, then convolves: (N, z_dim) to (N, C, H, W)."""
    return _generator(_resized, spec)


def _transposed(inputs: int, outputs: int) -> list[nn.Module]:
    """Double the side by a transposed convolution."""
    from torch import nn

    return [nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)]


def _resized(inputs: int, outputs: int) -> list[nn.Module]:
    """Double the side by bilinear resizing and a convolution."""
    from torch import nn

    return [
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        nn.Conv2d(inputs, outputs, 3, padding=1),
    ]


def _generator(
    doubled: Callable[[int, int], list[nn.Module]], spec: GeneratorSpec
) -> nn.Sequential:
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=True)
    first, second, third = scaled(256, spec.width), scaled(128, spec.width), scaled(64, spec.width)
    height, width = spec.size.height // 4, spec.size.width // 4
    return nn.Sequential(
        nn.Linear(spec.z_dim, first * height * width),
        nn.Unflatten(1, (first, height, width)),  # (N, 256, H/4, W/4)
        *doubled(first, second),  # (N, 128, H/2, W/2)
        *norm_2d(second, enabled=normalised),
        nn.LeakyReLU(SLOPE),
        nn.ConvTranspose2d(second, third, 3, padding=1),  # (N, 64, H/2, W/2)
        *norm_2d(third, enabled=normalised),
        nn.LeakyReLU(SLOPE),
        *doubled(third, spec.channels),  # (N, C, H, W)
        nn.Tanh(),
    )


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the discriminator: (N, C, 28, 28) to (N, 32, 14, 14), (N, 64, 7, 7), (N, 128, 4, 4)."""
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=True)

    def after(channels: int, may: bool) -> list[nn.Module]:
        return [*norm_2d(channels, enabled=normalised and may), nn.LeakyReLU(SLOPE)]

    return strided(spec, (32, 64, 128), kernel=3, after=after)


DCGAN = GeneratorFamily(
    title="DCGAN of the tutorials",
    help="Dense layer, then transposed convolutions to four times the side.",
    image_sizes=ImageSizes(minimum=8, multiple=4),
    batch_norm=True,
    build=generator,
)
DCGAN_RESIZE = GeneratorFamily(
    title="DCGAN with resizing",
    help="dcgan with bilinear resizing + convolution: no checkerboard artefacts.",
    image_sizes=ImageSizes(minimum=8, multiple=4),
    batch_norm=True,
    build=resize_generator,
)
DCGAN_DISCRIMINATOR = DiscriminatorFamily(
    title="DCGAN of the tutorials",
    help="Three strided convolutions, 32-64-128 channels, batch norm.",
    image_sizes=ImageSizes(minimum=8),
    batch_norm=True,
    build=discriminator,
)
