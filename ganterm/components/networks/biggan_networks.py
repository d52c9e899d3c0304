"""Networks after BigGAN (Brock et al. 2019, arXiv:1809.11096), as it is built for 32x32 images.

Every batch normalisation of the generator takes its scale and its shift from z and the class, as
in BigGAN-deep. There is no attention, and only the discriminator may be spectrally normalised.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganterm.components.networks.base import Generator
from ganterm.components.networks.blocks import has_batch_norm, norm_2d, scaled
from ganterm.components.networks.conditioning import LabelJoin
from ganterm.components.networks.facts import DiscriminatorParts, DiscriminatorSpec, GeneratorSpec

_WIDTH = 256
_BOTTOM = 4
"""Side at which the generator begins."""
_POOLED = 8
"""Side down to which the discriminator halves its images."""


def widths_of(side: int, width: float) -> list[int]:
    """Return the channels at every side from 4x4 to `side`: 256, halved beyond 32x32."""
    sides = [_BOTTOM * 2**stage for stage in range((side // _BOTTOM).bit_length())]
    return [scaled(max(_WIDTH // max(each // 32, 1), 1), width) for each in sides]


class ConditionalNorm(nn.Module):
    """Batch normalisation whose scale and shift are linear maps of a condition (N, inputs)."""

    def __init__(self, channels: int, inputs: int, *, normalised: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False) if normalised else None
        self.style = nn.Linear(inputs, 2 * channels, bias=False)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Turn features (N, C, H, W) into as many."""
        if self.norm is not None:
            features = self.norm(features)
        scale, shift = self.style(condition)[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(shift, features, scale + 1)


class UpBlock(nn.Module):
    """Two 3x3 convolutions that double the side between them, added to a 1x1 of the same."""

    def __init__(self, inputs: int, outputs: int, condition: int, *, normalised: bool) -> None:
        super().__init__()
        self.norms = nn.ModuleList(
            ConditionalNorm(channels, condition, normalised=normalised)
            for channels in (inputs, outputs)
        )
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Turn features (N, C, H, W) into (N, C', 2H, 2W)."""
        first, second = self.norms
        inner = self.first(_doubled(functional.relu(first(features, condition))))
        inner = self.second(functional.relu(second(inner, condition)))
        out: Tensor = inner + self.skip(_doubled(features))
        return out


class BigGenerator(Generator):
    """The generator: z, and the class if it is conditional, reach every block."""

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__(spec)
        normalised = has_batch_norm(spec.norm, published=True)
        widths = widths_of(spec.image_size, spec.width)
        self.join = LabelJoin(spec.classes, spec.z_dim) if spec.classes else None
        condition = spec.z_dim if self.join is None else self.join.outputs
        self.first = nn.Sequential(
            nn.Linear(condition, widths[0] * _BOTTOM**2),
            nn.Unflatten(1, (widths[0], _BOTTOM, _BOTTOM)),
        )
        self.blocks = nn.ModuleList(
            UpBlock(inputs, outputs, condition, normalised=normalised)
            for inputs, outputs in pairwise(widths)
        )
        self.last = nn.Sequential(
            *norm_2d(widths[-1], enabled=normalised),
            nn.ReLU(),
            nn.Conv2d(widths[-1], spec.channels, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Turn latent vectors (N, z_dim) into images (N, C, H, W) in [-1, 1]."""
        if self.join is not None:
            z = self.join(z, self.labels_for(z, labels))
        features = self.first(z)
        for block in self.blocks:
            features = block(features, z)
        images: Tensor = self.last(features)
        return images


class DownBlock(nn.Module):
    """Two 3x3 convolutions, and a halving of the side where `halves`, added to a 1x1 of the same.

    `first` has no rectifier before it: it sees the image.
    """

    def __init__(
        self, inputs: int, outputs: int, *, halves: bool, first: bool, normalised: bool
    ) -> None:
        super().__init__()
        self.halves = halves
        before = [] if first else [*norm_2d(inputs, enabled=normalised), nn.ReLU()]
        self.layers = nn.Sequential(
            *before,
            nn.Conv2d(inputs, outputs, 3, padding=1),
            *norm_2d(outputs, enabled=normalised and not first),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1),
        )
        self.skip = nn.Conv2d(inputs, outputs, 1) if halves or inputs != outputs else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Turn features (N, C, H, W) into (N, C', H, W), or half the side."""
        out: Tensor = self.layers(features) + self.skip(features)
        return functional.avg_pool2d(out, 2) if self.halves else out


class _Summed(nn.Module):
    """A rectifier, and the sum over all pixels."""

    def forward(self, features: Tensor) -> Tensor:
        """Turn features (N, C, H, W) into (N, C)."""
        return functional.relu(features).sum((2, 3))


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the discriminator over images (N, C, H, W): down to 8x8, and two blocks there."""
    normalised = has_batch_norm(spec.norm, published=False)
    sides = [spec.image_size]
    while sides[-1] > _POOLED:
        sides.append(sides[-1] // 2)
    by_side = dict(zip(sides, widths_of(spec.image_size, spec.width)[::-1], strict=False))
    widths = [*(by_side[side] for side in sides[:-1]), by_side[sides[-1]], by_side[sides[-1]]]
    layers: list[nn.Module] = []
    inputs = spec.channels
    for index, outputs in enumerate(widths):
        layers += [
            DownBlock(
                inputs,
                outputs,
                halves=index < len(sides) - 1,
                first=index == 0,
                normalised=normalised,
            )
        ]
        inputs = outputs
    body = nn.Sequential(*layers, _Summed())
    return DiscriminatorParts(body, nn.Linear(inputs, 1), inputs)


def _doubled(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2, mode="nearest")
