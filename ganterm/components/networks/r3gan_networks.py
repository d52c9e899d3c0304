"""The networks of R3GAN, after its paper (Huang et al. 2024, arXiv:2501.05441, section 4).

Every stage has two residual blocks, and the sides double from 4x4, or 6x8 for 48x64, to the image.
Nothing is normalised: blocks begin as the identity, and the scales of the initial weights keep the
variance of features (Fixup: Zhang et al. 2019, arXiv:1901.09321).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganterm.components.networks.base import Generator
from ganterm.components.networks.conditioning import needed
from ganterm.components.networks.facts import (
    DiscriminatorParts,
    DiscriminatorSpec,
    GeneratorSpec,
    Norm,
    seed_of,
)
from ganterm.core.dataspec import Size

SLOPE = 0.2
GAIN = math.sqrt(2 / (1 + SLOPE**2))
"""What keeps the variance through a LeakyReLU of that slope (He et al. 2015)."""
BLOCKS = 2
"""Residual blocks of a stage."""
EXPANSION = 2
GROUP = 16
"""Channels of a group of the 3x3 convolutions: 96 groups where a stage is 768 wide."""
_WIDTH = 768


_FULL = 5
"""So many stages, which lead from 4x4 to 64x64, are as wide."""


def widths_of(stages: int, width: float) -> list[int]:
    """Return the channels of so many stages from 4x4 up: 768, halved from stage to stage later on.

    They are a multiple of 8, so that the expanded ones are whole groups.
    """
    published = [_WIDTH // 2 ** max(stage + 1 - _FULL, 0) for stage in range(stages)]
    step = GROUP // EXPANSION
    return [step * max(1, round(channels * width / step)) for channels in published]


class Biased(nn.Module):
    """A learned bias for every channel, and a LeakyReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Turn features (N, C, H, W) into as many."""
        bias = self.bias.to(features.dtype).view(-1, 1, 1)
        return functional.leaky_relu(features + bias, SLOPE)


class ResidualBlock(nn.Module):
    """1x1 to twice the channels, grouped 3x3, and 1x1 back, added to what came in.

    The last begins at 0, the others by Fixup's rule for one of `blocks` blocks in a row. Where
    `normalised` layers are to have a largest singular value of 1, none can begin at 0.
    """

    def __init__(self, channels: int, *, blocks: int, norm: Norm, normalised: bool = False) -> None:
        super().__init__()
        inner = channels * EXPANSION
        gain = GAIN * blocks ** (-1 / (2 * 3 - 2))
        self.layers = nn.Sequential(
            convolution(channels, inner, 1, gain=gain),
            _activation(inner, norm),
            convolution(inner, inner, 3, groups=inner // GROUP, gain=gain),
            _activation(inner, norm),
            convolution(inner, channels, 1, gain=float(normalised)),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Turn features (N, C, H, W) into as many."""
        out: Tensor = features + self.layers(features)
        return out


class Resample(nn.Module):
    """Doubles or halves the side with the filter [1, 2, 1], which interpolates bilinearly."""

    kernel: Tensor

    def __init__(self, *, up: bool) -> None:
        super().__init__()
        self.up = up
        taps = torch.tensor([1.0, 2.0, 1.0]) / (2 if up else 4)
        self.register_buffer("kernel", torch.outer(taps, taps)[None, None])

    def forward(self, features: Tensor) -> Tensor:
        """Turn features (N, C, H, W) into (N, C, 2H, 2W), or (N, C, H/2, W/2)."""
        channels = features.shape[1]
        kernel = self.kernel.to(features.dtype).expand(channels, -1, -1, -1)
        if self.up:
            return functional.conv_transpose2d(
                features, kernel, stride=2, padding=1, output_padding=1, groups=channels
            )
        return functional.conv2d(features, kernel, stride=2, padding=1, groups=channels)


class Basis(nn.Module):
    """A learned picture for every channel, scaled by a linear map of the latent vector."""

    def __init__(self, inputs: int, channels: int, size: Size) -> None:
        super().__init__()
        self.basis = nn.Parameter(torch.randn(channels, *size))
        self.scale = _drawn(nn.Linear(inputs, channels, bias=False))

    def forward(self, z: Tensor) -> Tensor:
        """Turn latents (N, inputs) into features (N, C, H, W) of its size."""
        features: Tensor = self.basis * self.scale(z)[:, :, None, None]
        return features


class R3Generator(Generator):
    """The generator: latents, and a class if it is conditional, to images by way of a basis."""

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__(spec)
        seed, doublings = seed_of(spec.size)
        widths = widths_of(doublings + 1, spec.width)
        self.embedding: nn.Embedding | None = None
        if spec.classes:
            self.embedding = nn.Embedding(spec.classes, spec.z_dim)
            # The linear map of a one-hot class that it stands for, whose fan-in is the classes.
            nn.init.normal_(self.embedding.weight, 0.0, spec.classes**-0.5)
        layers: list[nn.Module] = [Basis(spec.z_dim * (2 if spec.classes else 1), widths[0], seed)]
        layers += _blocks(widths[0], widths, spec.norm)
        for inputs, outputs in pairwise(widths):
            layers += [*_matched(inputs, outputs), Resample(up=True)]
            layers += _blocks(outputs, widths, spec.norm)
        layers += [convolution(widths[-1], spec.channels, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Turn latent vectors (N, z_dim) into images (N, C, H, W) in [-1, 1]."""
        if self.embedding is not None:
            labels = needed(self.labels_for(z, labels))
            z = torch.cat([z, self.embedding(labels).to(z.dtype)], dim=1)
        images: Tensor = self.layers(z)
        return images


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the discriminator over images (N, C, H, W), mirroring the generator.

    It ends in a depthwise 4x4 convolution and a linear layer: to the logit, or where a class is
    heard by projection to features whose inner product with the class's vector is the logit.
    """
    seed, doublings = seed_of(spec.size)
    widths = widths_of(doublings + 1, spec.width)[::-1]
    last = widths[-1]
    layers: list[nn.Module] = [convolution(spec.channels, widths[0], 1)]
    layers += _blocks(widths[0], widths, spec.norm, normalised=spec.spectral_norm)
    for inputs, outputs in pairwise(widths):
        layers += [Resample(up=False), *_matched(inputs, outputs)]
        layers += _blocks(outputs, widths, spec.norm, normalised=spec.spectral_norm)
    layers += [
        _drawn(nn.Conv2d(last, last, seed, groups=last, bias=False)),  # (N, C, 4, 4) to 1x1
        nn.Flatten(),
    ]
    if spec.classes and spec.conditioning == "projection":
        layers += [_drawn(nn.Linear(last, last, bias=False))]
        return DiscriminatorParts(
            nn.Sequential(*layers), None, last, class_std=(spec.classes * last) ** -0.5
        )
    head = _drawn(nn.Linear(last, 1, bias=False))
    return DiscriminatorParts(nn.Sequential(*layers), head, last)


def convolution(
    inputs: int, outputs: int, kernel: int, *, groups: int = 1, gain: float = 1.0
) -> nn.Module:
    """Return a convolution without bias that keeps the side; `gain` scales its first weights."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)
    return _drawn(layer, gain)


def _drawn(layer: nn.Conv2d | nn.Linear, gain: float = 1.0) -> nn.Module:
    """Draw the weights from N(0, gain² / fan-in), or make them 0."""
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(layer.weight[0].numel()))
    return layer


def _activation(channels: int, norm: Norm) -> nn.Module:
    if norm == "batch":
        return nn.Sequential(nn.BatchNorm2d(channels), nn.LeakyReLU(SLOPE))
    return Biased(channels)


def _blocks(
    channels: int, widths: Sequence[int], norm: Norm, *, normalised: bool = False
) -> list[nn.Module]:
    blocks = BLOCKS * len(widths)
    return [
        ResidualBlock(channels, blocks=blocks, norm=norm, normalised=normalised)
        for _ in range(BLOCKS)
    ]


def _matched(inputs: int, outputs: int) -> list[nn.Module]:
    return [convolution(inputs, outputs, 1)] if inputs != outputs else []
