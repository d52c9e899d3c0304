"""The residual networks of R3GAN (Huang et al. 2024, arXiv:2501.05441): facts; the code is beside.

They were made for the relativistic loss with R1 and R2, and have no normalisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.networks.facts import DiscriminatorFamily, GeneratorFamily, ImageSizes

if TYPE_CHECKING:
    from torch import nn

    from ganterm.components.networks.facts import (
        DiscriminatorParts,
        DiscriminatorSpec,
        GeneratorSpec,
    )


def _generator(spec: GeneratorSpec) -> nn.Module:
    from ganterm.components.networks.r3gan_networks import R3Generator

    return R3Generator(spec)


def _discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    from ganterm.components.networks.r3gan_networks import discriminator

    return discriminator(spec)


_DOUBLINGS = ImageSizes(doublings=1)

R3GAN = GeneratorFamily(
    title="R3GAN",
    help="Residual blocks of grouped convolutions without normalisation, from 4x4.",
    image_sizes=_DOUBLINGS,
    published_size=32,
    z_dim=64,
    takes_labels=True,
    build=_generator,
)
R3GAN_DISCRIMINATOR = DiscriminatorFamily(
    title="R3GAN",
    help="The same residual blocks, mirrored; for the relativistic loss with R1 and R2.",
    image_sizes=_DOUBLINGS,
    published_size=32,
    build=_discriminator,
)
