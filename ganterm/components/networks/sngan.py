"""The discriminator of SNGAN (Miyato et al. 2018, arXiv:1802.05957); its generator is `upsample`'s.

The layers are built plain, as in every family; the registry normalises them where
`spectral_norm` asks for it, as recipe `sngan` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.networks.blocks import has_batch_norm, norm_2d, scaled, strided_side
from ganterm.components.networks.facts import (
    DiscriminatorFamily,
    DiscriminatorParts,
    DiscriminatorSpec,
    ImageSizes,
)

if TYPE_CHECKING:
    from torch import nn


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build four strided convolutions and a linear head over images (N, C, H, W)."""
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=False)
    inputs, side = spec.channels, spec.image_size
    layers: list[nn.Module] = []
    for stage, published in enumerate((64, 128, 256, 512)):
        outputs = scaled(published, spec.width)
        layers += [
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1),
            *norm_2d(outputs, enabled=normalised and stage > 0),
            nn.LeakyReLU(0.2),
        ]
        inputs, side = outputs, strided_side(side, kernel=4, stride=2, padding=1)
    features = inputs * side * side  # 512 of 28 x 28: 28, 14, 7, 3, 1
    body = nn.Sequential(*layers, nn.Flatten())
    return DiscriminatorParts(body, nn.Linear(features, 1), features)


SNGAN_DISCRIMINATOR = DiscriminatorFamily(
    title="SNGAN",
    help="Four strided convolutions to 512 channels, made for spectral normalisation.",
    image_sizes=ImageSizes(minimum=16),
    build=discriminator,
)
