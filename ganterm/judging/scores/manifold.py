"""How two sets of features overlap, each as the union of balls up to its k-th neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import torch

ROWS = 1024
"""Rows of distances at a time: 10,000 columns of them are 80 MB."""


@dataclass(frozen=True)
class Overlap:
    """Which points of a real (N, F) and a generated set (M, F) lie in whose balls."""

    k: int
    holding: torch.Tensor
    """(M,) real balls that hold each generated point."""
    held: torch.Tensor
    """(N,) whether some generated ball holds the real point."""
    covered: torch.Tensor
    """(N,) whether the real point's own ball holds a generated point."""


def radii(features: torch.Tensor, *, k: int) -> torch.Tensor:
    """Return the squared distance (N,) of each row of features (N, F) to its k-th nearest other."""
    if len(features) <= k:
        raise ValueError(f"k = {k} neighbours take at least {k + 1} points")
    found = []
    for start in range(0, len(features), ROWS):
        distances = squared_distances(features[start : start + ROWS], features)
        # The nearest of all is the point itself.
        found.append(distances.topk(k + 1, dim=1, largest=False).values[:, k])
    return torch.cat(found)


def squared_distances(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the squared Euclidean distances (N, M) of rows (N, F) and (M, F), never below 0."""
    norms = left.square().sum(dim=1, keepdim=True) + right.square().sum(dim=1)
    return torch.addmm(norms, left, right.T, alpha=-2).clamp_min_(0)


def overlap(real: torch.Tensor, fake: torch.Tensor, *, k: int) -> Overlap:
    """Return how features (N, F) of real and (M, F) of generated images overlap, in float64.

    A point lies in a ball when it is nearer than the radius, as in the published code of density
    and coverage. Raises ValueError for k points or fewer on a side.
    """
    # Centred, so that the differences of large squares lose nothing.
    centre = real.to(torch.float64).mean(dim=0)
    real, fake = real.to(torch.float64) - centre, fake.to(torch.float64) - centre
    real_radii, fake_radii = radii(real, k=k), radii(fake, k=k)
    holding = torch.zeros(len(fake), dtype=torch.int64, device=fake.device)
    held, covered = [], []
    for start in range(0, len(real), ROWS):
        distances = squared_distances(real[start : start + ROWS], fake)
        in_real_ball = distances < real_radii[start : start + ROWS, None]
        holding += in_real_ball.sum(dim=0)
        covered.append(in_real_ball.any(dim=1))
        held.append((distances < fake_radii).any(dim=1))
    return Overlap(k=k, holding=holding, held=torch.cat(held), covered=torch.cat(covered))
