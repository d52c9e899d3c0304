"""Residual networks after BigGAN (Brock et al. 2019, arXiv:1809.11096): facts; code is beside."""

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
    from ganterm.components.networks.biggan_networks import BigGenerator

    return BigGenerator(spec)


def _discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    from ganterm.components.networks.biggan_networks import discriminator

    return discriminator(spec)


_DOUBLINGS = ImageSizes(doublings=1)

BIGGAN = GeneratorFamily(
    title="BigGAN",
    help="Residual blocks whose batch norm is scaled and shifted by z and the class.",
    image_sizes=_DOUBLINGS,
    published_size=32,
    batch_norm=True,
    z_dim=128,
    takes_labels=True,
    build=_generator,
)
BIGGAN_DISCRIMINATOR = DiscriminatorFamily(
    title="BigGAN",
    help="Residual blocks and a sum over pixels, made for spectral norm and hinge.",
    image_sizes=_DOUBLINGS,
    published_size=32,
    build=_discriminator,
)
