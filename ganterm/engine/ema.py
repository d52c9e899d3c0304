"""Exponential moving average of the generator's weights (Karras et al. 2018, arXiv:1710.10196)."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class Ema(Generic[Network]):
    """An averaged copy of a generator whose weights have a half-life counted in images.

    Early on the half-life is a twentieth of the images seen, so that the first random weights do
    not linger (the ramp-up of Karras et al. 2020). Buffers, such as the running statistics of
    batch normalisation, are copied rather than averaged.
    """

    def __init__(self, generator: Network, kimg: float) -> None:
        self.model: Network = copy.deepcopy(generator).requires_grad_(False)
        self.half_life = kimg * 1000

    def decay(self, images: int, images_seen: int) -> float:
        """Return the weight kept from the average over `images` of the `images_seen` so far."""
        half_life = min(self.half_life, 0.05 * images_seen)
        return float(0.5 ** (images / max(half_life, 1e-8)))

    @torch.no_grad()
    def update(self, generator: nn.Module, *, images: int, images_seen: int) -> None:
        """Move the average towards the weights after a step on the last `images` real images."""
        share = 1 - self.decay(images, images_seen)
        for average, current in zip(self.model.parameters(), generator.parameters(), strict=True):
            average.lerp_(current, share)
        for copied, buffer in zip(self.model.buffers(), generator.buffers(), strict=True):
            copied.copy_(buffer)
