"""Precision and recall (Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric …")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ganterm.components.scores.base import by_neighbours

if TYPE_CHECKING:
    from ganterm.components.scores.manifold import Overlap

K: Final = 3
"""Neighbours that span a neighbourhood, as published."""


def precision_recall(shared: Overlap) -> tuple[float, float]:
    """Return the share of generated points in the real manifold, and of real in the generated.

    Both in [0, 1]: precision is how convincing the images are, recall how much of the data they
    reach.
    """
    return float((shared.holding > 0).double().mean()), float(shared.held.double().mean())


PRECISION = by_neighbours(
    "precision",
    lambda shared: precision_recall(shared)[0],
    K,
    help="share of generated images within the real manifold, in [0, 1]",
    tells="how many are convincing",
    group="precision",
    purpose="quality",
    because="its images are the most often like real ones",
    is_share=True,
)
RECALL = by_neighbours(
    "recall",
    lambda shared: precision_recall(shared)[1],
    K,
    help="share of real images within the generated manifold, in [0, 1]",
    tells="how much of the data they span",
    group="precision",
    purpose="augmentation",
    because="its images span the most of what real ones show",
    is_share=True,
)
