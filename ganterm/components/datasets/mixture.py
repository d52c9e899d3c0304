"""Points of a mixture of Gaussians: drawing them, and counting which Gaussians are reached."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ganterm.components.scores.modes import LEAST_SHARE

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


def near(points: torch.Tensor, centres: Centres, sigma: float) -> torch.Tensor:
    """Return which points (N, D) lie within three sigma of which centre, a boolean (N, K)."""
    return torch.cdist(points, points.new_tensor(centres)) < 3 * sigma


def modes_covered(samples: torch.Tensor, centres: Centres, sigma: float) -> torch.Tensor:
    """Return how many of the Gaussians the samples (N, D, ...) cover.

    One is covered that has at least `LEAST_SHARE` of its own share of them within three sigma: of
    noise all over the plane some point comes near each. A float32 scalar from 0 to the number of
    `centres`, on the samples' device, without a gradient.
    """
    points = samples.detach().flatten(1).to(torch.float32)
    shares = near(points, centres, sigma).to(torch.float32).mean(dim=0)
    return (shares >= LEAST_SHARE / len(centres)).sum().to(torch.float32)
