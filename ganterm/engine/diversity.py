"""How far generated images spread, beside the real ones of the batch: the sign of a collapse."""

from __future__ import annotations

import torch

from ganterm.components.datasets import DatasetFacts
from ganterm.components.datasets.mixture import modes_covered

SMALLEST_BATCH = 2
"""Samples it takes to speak of a spread."""


def spread(
    fakes: torch.Tensor, real: torch.Tensor, labels: torch.Tensor | None, data: DatasetFacts
) -> dict[str, torch.Tensor]:
    """Return scalars by the names of what they tell: the diversity of `fakes`, and modes of a ring.

    Where the modes of the data are known the diversity is the share of them that is reached;
    elsewhere it is as below, and nothing of a batch too small for it.
    """
    if data.centres:
        reached = modes_covered(fakes, data.centres, data.sigma)
        return {"diversity": reached / len(data.centres), "modes": reached}
    if min(len(real), len(fakes)) < SMALLEST_BATCH:
        return {}
    return {"diversity": diversity(fakes, real, labels)}


def diversity(
    fakes: torch.Tensor, real: torch.Tensor, labels: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the spread of `fakes` (N, …) as a share of that of `real` (M, …): about 1 is healthy.

    A scalar >= 0 on their device, without a gradient; batches of unequal size are cut to the
    smaller, of at least two samples. It is the geometric mean of two ratios: of the mean distance
    between two samples, which falls when whole modes are dropped, and of the mean distance to the
    nearest other sample, which falls when samples gather around a few points.

    With the `labels` (K,) of conditional training, which real and fake share place by place, only
    samples of one class are compared: ten classes of one image each are a collapse, too.
    """
    count = min(len(fakes), len(real))
    with torch.no_grad():
        classes = None if labels is None else labels[:count]
        fake_spread, fake_gap = _distances(fakes[:count], classes)
        real_spread, real_gap = _distances(real[:count], classes)
        ratio = (fake_spread * fake_gap) / (real_spread * real_gap)
        # Real images that are all alike leave nothing to lose.
        return torch.where(real_spread * real_gap > 0, ratio, 1.0).sqrt()


def _distances(
    samples: torch.Tensor, labels: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean distance between two samples, and from one to the nearest other.

    Of those with equal labels, if there are; where no two are equal both are 0.
    """
    rows = samples.detach().flatten(1).to(torch.float32)
    pairs = torch.cdist(rows, rows)
    count = len(rows)
    if labels is not None:
        alike = (labels[:, None] == labels).fill_diagonal_(False)
        has = alike.any(dim=1)
        nearest = pairs.masked_fill(~alike, torch.inf).amin(dim=1).where(has, 0.0)
        spread = pairs.where(alike, 0.0).sum() / alike.sum().clamp(min=1)
        return spread, nearest.sum() / has.sum().clamp(min=1)
    nearest = pairs.clone().fill_diagonal_(torch.inf).amin(dim=1)
    return pairs.sum() / (count * (count - 1)), nearest.mean()
