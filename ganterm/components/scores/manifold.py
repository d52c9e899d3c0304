"""How two sets of features overlap, each as the union of balls up to its k-th neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import torch

ROWS = 512
"""Rows of distances at a time: 10,000 columns of them are 40 MB."""


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


def to_neighbours(features: torch.Tensor, *, k: int) -> torch.Tensor:
    """Return the distances (N, k) of each row of features (N, F) to its nearest other rows.

    The nearest first, in float64. Raises ValueError for k rows or fewer.
    """
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - a second to import

    if len(features) <= k:
        raise ValueError(f"scores at k = {k} take at least {k + 1} images of each kind")
    features = features.to(torch.float64)
    # Centred, so that the differences of large squares lose nothing.
    rows = (features - features.mean(dim=0)).cpu().numpy()
    # It keeps the k nearest while the distances are in the cache: several times as quick as topk.
    distances, _ = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(rows).kneighbors()
    return torch.as_tensor(distances).to(features)


def squared_distances(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the squared Euclidean distances (N, M) of rows (N, F) and (M, F).

    As one product, the norms as two columns more: rounding may leave a little below 0.
    """
    left_norms = left.square().sum(dim=1, keepdim=True)
    right_norms = right.square().sum(dim=1, keepdim=True)
    left_rows = torch.cat([left * -2, left_norms, torch.ones_like(left_norms)], dim=1)
    right_rows = torch.cat([right, torch.ones_like(right_norms), right_norms], dim=1)
    return left_rows @ right_rows.T


def overlap(
    real: torch.Tensor,
    fake: torch.Tensor,
    *,
    k: int,
    real_radii: torch.Tensor,
    fake_radii: torch.Tensor,
) -> Overlap:
    """Return how features (N, F) of real and (M, F) of generated images overlap, in float64.

    A point lies in a ball when it is nearer than the radius, as in the published code of density
    and coverage. The radii (N,) and (M,) reach to the k-th neighbour on the same side.
    """
    real_balls, fake_balls = real_radii.square(), fake_radii.square()
    # Centred, as in `to_neighbours`.
    centre = real.to(torch.float64).mean(dim=0)
    real, fake = real.to(torch.float64) - centre, fake.to(torch.float64) - centre
    holding = torch.zeros(len(fake), device=fake.device)
    held, covered = [], []
    for start in range(0, len(real), ROWS):
        distances = squared_distances(real[start : start + ROWS], fake)
        ball = real_balls[start : start + ROWS, None]
        # Counting floats is quicker than counting booleans, and exact up to 16 million.
        holding += (distances < ball).float().sum(dim=0)
        covered.append(distances.amin(dim=1) < ball[:, 0])
        held.append((distances < fake_balls).any(dim=1))
    return Overlap(k=k, holding=holding, held=torch.cat(held), covered=torch.cat(covered))
