"""Density and coverage (Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics …")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ganterm.components.scores.base import Score

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


def density(k: int) -> Score:
    """Return density with neighbourhoods of `k` neighbours."""
    return Score(
        title=f"density (k={k})",
        help="how densely real neighbourhoods hold generated images",
        tells="how near they are to real ones",
        short="density",
        setting="k",
        value=k,
        measure=lambda comparison: density_coverage(comparison.overlap(k))[0],
        at=density,
    )


def coverage(k: int) -> Score:
    """Return coverage with neighbourhoods of `k` neighbours."""
    return Score(
        title=f"coverage (k={k})",
        help="share of real neighbourhoods with a generated image, in [0, 1]",
        tells="how many real ones have one near",
        short="coverage",
        is_share=True,
        setting="k",
        value=k,
        measure=lambda comparison: density_coverage(comparison.overlap(k))[1],
        at=coverage,
    )


DENSITY = density(K)
COVERAGE = coverage(K)
