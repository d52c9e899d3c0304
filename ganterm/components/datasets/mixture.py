"""Points of a mixture of Gaussians: drawing them, and counting which Gaussians are reached."""

from __future__ import annotations

from collections.abc import Sequence

import torch

Centres = Sequence[Sequence[float]]


def draw_mixture(
    centres: Centres, sigma: float, count: int, *, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points, float32 (count, D), of the Gaussians in turn, and their labels int64.

    Each Gaussian lies at one of `centres` with the standard deviation `sigma` along every axis.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % len(centres)
    noise = torch.randn(count, len(centres[0]), generator=generator)
    return torch.tensor(centres, dtype=torch.float32)[labels] + sigma * noise, labels


def modes_covered(samples: torch.Tensor, centres: Centres, sigma: float) -> torch.Tensor:
    """Return how many of the Gaussians have a sample of (N, D, ...) within three sigma.

    A float32 scalar from 0 to the number of `centres`, on their device, without a gradient.
    """
    points = samples.detach().flatten(1).to(torch.float32)
    distances = torch.cdist(points, points.new_tensor(centres))
    return (distances < 3 * sigma).any(dim=0).sum().to(torch.float32)
