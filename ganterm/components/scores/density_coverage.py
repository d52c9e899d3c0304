"""Density and coverage (Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics …")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ganterm.components.scores.base import by_neighbours

if TYPE_CHECKING:
    from ganterm.components.scores.manifold import Overlap

K: Final = 5
"""Neighbours that span a neighbourhood, as published."""


def density_coverage(shared: Overlap) -> tuple[float, float]:
    """Return how many real balls hold a generated point, over k, and the share of balls that do.

    Of real points against as many others, density is 1 and coverage about 1 - 2^-k (0.969 at
    k = 5). Unlike precision, density does not rise for a point that only an outlier's wide ball
    holds; it may pass 1 where generated points gather in the densest parts.
    """
    return float(shared.holding.double().mean() / shared.k), float(shared.covered.double().mean())


DENSITY = by_neighbours(
    "density",
    lambda shared: density_coverage(shared)[0],
    K,
    help="how densely real neighbourhoods hold generated images",
    tells="how near they are to real ones",
)
COVERAGE = by_neighbours(
    "coverage",
    lambda shared: density_coverage(shared)[1],
    K,
    help="share of real neighbourhoods with a generated image, in [0, 1]",
    tells="how many real ones have one near",
    is_share=True,
)
