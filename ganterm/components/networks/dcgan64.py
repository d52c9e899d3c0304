"""DCGAN proper: fully convolutional, 64x64 (Radford et al. 2015, arXiv:1511.06434).

The sides double from 4x4, or 6x8 for 48x64, to the image, and the widths double the other way, to
1024 at most, so that the stage next to the image has 64 channels at every size. A layer has a bias
only where the normalisation, whose shift does the same, was switched off.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from ganterm.components.networks.blocks import has_batch_norm, norm_2d, scaled
from ganterm.components.networks.facts import (
    DiscriminatorFamily,
    DiscriminatorParts,
    DiscriminatorSpec,
    GeneratorFamily,
    GeneratorSpec,
    ImageSizes,
    seed_of,
)

if TYPE_CHECKING:
    from torch import nn


def generator(spec: GeneratorSpec) -> nn.Sequential:
    """Build the generator: (N, z_dim) to (N, C, H, W)."""
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=True)
    seed, doublings = seed_of(spec.size)
    widths = list(reversed(_widths(doublings, spec.width)))
    layers: list[nn.Module] = [
        nn.Unflatten(1, (spec.z_dim, 1, 1)),
        nn.ConvTranspose2d(spec.z_dim, widths[0], seed, bias=not normalised),  # (N, 512, 4, 4)
        *norm_2d(widths[0], enabled=normalised),
        nn.ReLU(),
    ]
    for inputs, outputs in pairwise(widths):
        layers += [
            nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=not normalised),
            *norm_2d(outputs, enabled=normalised),
            nn.ReLU(),
        ]
    layers += [
        nn.ConvTranspose2d(widths[-1], spec.channels, 4, stride=2, padding=1, bias=False),
        nn.Tanh(),
    ]
    return nn.Sequential(*layers)


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the discriminator over images (N, C, H, W)."""
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=True)
    seed, doublings = seed_of(spec.size)
    widths = _widths(doublings, spec.width)
    layers: list[nn.Module] = [
        nn.Conv2d(spec.channels, widths[0], 4, stride=2, padding=1, bias=False),
        nn.LeakyReLU(0.2),
    ]
    for inputs, outputs in pairwise(widths):
        layers += [
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=not normalised),
            *norm_2d(outputs, enabled=normalised),
            nn.LeakyReLU(0.2),
        ]
    head = nn.Conv2d(widths[-1], 1, seed, bias=False)  # (N, 512, 4, 4) to (N, 1, 1, 1)
    return DiscriminatorParts(nn.Sequential(*layers), head, widths[-1] * math.prod(seed))


def _widths(doublings: int, width: float) -> list[int]:
    """Return the hidden widths from the image inwards: 64, 128, 256, 512 for 64x64."""
    return [scaled(min(64 * 2**stage, _WIDEST), width) for stage in range(doublings)]


_WIDEST = 1024
_SIZES = ImageSizes(doublings=2)

DCGAN_64 = GeneratorFamily(
    title="DCGAN",
    help="Fully convolutional by the five DCGAN rules, doubling from 4 to 7 pixels.",
    image_sizes=_SIZES,
    published_size=64,
    batch_norm=True,
    build=generator,
)
DCGAN_64_DISCRIMINATOR = DiscriminatorFamily(
    title="DCGAN",
    help="Fully convolutional by the five DCGAN rules, halving down to 4 to 7 pixels.",
    image_sizes=_SIZES,
    published_size=64,
    batch_norm=True,
    build=discriminator,
)
