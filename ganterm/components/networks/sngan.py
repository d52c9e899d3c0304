"""The discriminator of SNGAN (Miyato et al. 2018, arXiv:1802.05957); its generator is `upsample`'s.

The layers are built plain, as in every family; the registry normalises them where
`spectral_norm` asks for it, as recipe `sngan` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.networks.blocks import has_batch_norm, norm_2d, strided
from ganterm.components.networks.facts import (
    DiscriminatorFamily,
    DiscriminatorParts,
    DiscriminatorSpec,
    ImageSizes,
)

if TYPE_CHECKING:
    from torch import nn


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the discriminator: (N, C, 28, 28) to sides of 14, 7, 3 and 1 pixels."""
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=False)

    def after(channels: int, may: bool) -> list[nn.Module]:
        return [*norm_2d(channels, enabled=normalised and may), nn.LeakyReLU(0.2)]

    return strided(spec, (64, 128, 256, 512), kernel=4, after=after)


SNGAN_DISCRIMINATOR = DiscriminatorFamily(
    title="SNGAN",
    help="Four strided convolutions to 512 channels, made for spectral normalisation.",
    image_sizes=ImageSizes(minimum=16),
    build=discriminator,
)
