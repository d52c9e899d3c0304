"""Precision and recall (Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric …")."""

from __future__ import annotations

from ganterm.judging.scores.manifold import Overlap


def precision_recall(shared: Overlap) -> tuple[float, float]:
    """Return the share of generated points in the real manifold, and of real in the generated.

    Both in [0, 1]: precision is how convincing the images are, recall how much of the data they
    reach.
    """
    return float((shared.holding > 0).double().mean()), float(shared.held.double().mean())
