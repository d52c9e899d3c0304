"""How varied a generated batch is beside a real one: the statistic that a collapse shows in."""

from __future__ import annotations

import torch

SMALLEST_BATCH = 2
"""Samples it takes to speak of a spread."""


def diversity(fakes: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Return the spread of `fakes` (N, …) as a share of that of `real` (M, …): about 1 is healthy.

    A scalar >= 0 on their device, without a gradient; batches of unequal size are cut to the
    smaller, of at least two samples. It is the geometric mean of two ratios: of the mean distance
    between two samples, which falls when whole modes are dropped, and of the mean distance to the
    nearest other sample, which falls when samples gather around a few points.
    """
    count = min(len(fakes), len(real))
    with torch.no_grad():
        fake_spread, fake_gap = _distances(fakes[:count])
        real_spread, real_gap = _distances(real[:count])
        ratio = (fake_spread * fake_gap) / (real_spread * real_gap)
        # Real images that are all alike leave nothing to lose.
        return torch.where(real_spread * real_gap > 0, ratio, 1.0).sqrt()


def _distances(samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean distance between two samples, and from one to the nearest other."""
    rows = samples.detach().flatten(1).to(torch.float32)
    pairs = torch.cdist(rows, rows)
    count = len(rows)
    nearest = pairs.clone().fill_diagonal_(torch.inf).amin(dim=1)
    return pairs.sum() / (count * (count - 1)), nearest.mean()
