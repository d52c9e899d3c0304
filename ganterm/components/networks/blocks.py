"""What families share: hidden widths, which layers are normalised, strided convolutions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ganterm.components.networks.facts import DiscriminatorParts, DiscriminatorSpec, Norm

if TYPE_CHECKING:
    from torch import nn


def scaled(channels: int, width: float) -> int:
    """Return `channels` hidden channels or units times `width`, rounded, at least 1."""
    return max(1, round(channels * width))


def has_batch_norm(norm: Norm, *, published: bool) -> bool:
    """Say whether to normalise, where the `published` network does or does not."""
    return published if norm == "auto" else norm == "batch"


def norm_1d(features: int, *, enabled: bool, eps: float = 1e-5) -> list[nn.Module]:
    """Return batch normalisation of (N, features), or nothing."""
    from torch import nn

    return [nn.BatchNorm1d(features, eps=eps)] if enabled else []


def norm_2d(channels: int, *, enabled: bool) -> list[nn.Module]:
    """Return batch normalisation of (N, channels, H, W), or nothing."""
    from torch import nn

    return [nn.BatchNorm2d(channels)] if enabled else []


def strided(
    spec: DiscriminatorSpec,
    channels: Sequence[int],
    *,
    kernel: int,
    after: Callable[[int, bool], list[nn.Module]],
) -> DiscriminatorParts:
    """Build convolutions of stride 2 over images (N, C, H, W), and a linear head.

    They have so many `channels` at a width of 1. `after` makes what follows each of them, of its
    channels and whether it may be normalised, which the first may not.
    """
    from torch import nn

    inputs, sides = spec.channels, list(spec.size)
    layers: list[nn.Module] = []
    for stage, published in enumerate(channels):
        outputs = scaled(published, spec.width)
        layers += [nn.Conv2d(inputs, outputs, kernel, stride=2, padding=1)]
        layers += after(outputs, stage > 0)
        inputs = outputs
        sides = [strided_side(side, kernel=kernel, stride=2, padding=1) for side in sides]
    features = inputs * math.prod(sides)
    body = nn.Sequential(*layers, nn.Flatten())
    return DiscriminatorParts(body, nn.Linear(features, 1), features)


def strided_side(side: int, *, kernel: int, stride: int, padding: int) -> int:
    """Return the output side of a convolution over an image of `side` pixels."""
    return (side + 2 * padding - kernel) // stride + 1
