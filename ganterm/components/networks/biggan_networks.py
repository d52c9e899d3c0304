"""Networks after BigGAN (Brock et al. 2019, arXiv:1809.11096), as it is built for 32x32 images.

Every batch normalisation of the generator takes its scale and its shift from z and the class, as
in BigGAN-deep. There is no attention, and only the discriminator may be spectrally normalised.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganterm.components.networks.base import Generator
from ganterm.components.networks.blocks import has_batch_norm, norm_2d, scaled
from ganterm.components.networks.conditioning import LabelJoin
from ganterm.components.networks.facts import (
    DiscriminatorParts,
    DiscriminatorSpec,
    GeneratorSpec,
    seed_of,
)

_WIDTH = 256
_FULL = 4
"""So many sizes, from 4x4 to 32x32, are as wide."""


def widths_of(sizes: int, width: float) -> list[int]:
    """Return the channels at so many sizes from 4x4 up: 256, halved from one to the next later."""
    return [scaled(_WIDTH // 2 ** max(at + 1 - _FULL, 0), width) for at in range(sizes)]


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
        seed, doublings = seed_of(spec.size)
        widths = widths_of(doublings + 1, spec.width)
        self.join = LabelJoin(spec.classes, spec.z_dim) if spec.classes else None
        condition = spec.z_dim if self.join is None else self.join.outputs
        self.first = nn.Sequential(
            nn.Linear(condition, widths[0] * math.prod(seed)),
            nn.Unflatten(1, (widths[0], *seed)),
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
    _, doublings = seed_of(spec.size)
    *halving, last = widths_of(doublings + 1, spec.width)[:0:-1]
    layers: list[nn.Module] = []
    inputs = spec.channels
    for index, outputs in enumerate([*halving, last, last]):
        layers += [
            DownBlock(
                inputs,
                outputs,
                halves=index < len(halving),
                first=index == 0,
                normalised=normalised,
            )
        ]
        inputs = outputs
    body = nn.Sequential(*layers, _Summed())
    return DiscriminatorParts(body, nn.Linear(inputs, 1), inputs)


def _doubled(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2, mode="nearest")
