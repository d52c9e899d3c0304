"""Scores of generated images beside real ones, from what a judge saw in both; one file each.

All are pure functions of features (N, F) and class probabilities (N, K). A score is worth as much
as what stands beside it: the judge, the sample count, and the `floor`, which is what real images
reach against other real images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch

from ganterm.judging.scores.class_accuracy import class_accuracy
from ganterm.judging.scores.density_coverage import density_coverage
from ganterm.judging.scores.frechet import frechet_distance
from ganterm.judging.scores.inception_score import inception_score
from ganterm.judging.scores.kernel import kernel_distance
from ganterm.judging.scores.manifold import Overlap, overlap, radii
from ganterm.judging.scores.modes import Modes, class_modes, cluster_modes
from ganterm.judging.scores.neighbours import copies, copy_distance, nearest
from ganterm.judging.scores.precision_recall import precision_recall

__all__ = [
    "Modes",
    "Overlap",
    "Scores",
    "Seen",
    "class_accuracy",
    "class_modes",
    "cluster_modes",
    "copies",
    "copy_distance",
    "density_coverage",
    "floor",
    "frechet_distance",
    "inception_score",
    "kernel_distance",
    "nearest",
    "overlap",
    "precision_recall",
    "radii",
    "score",
]

NEIGHBOURS = 5
"""Neighbours that span a neighbourhood: the k of density and coverage as published."""


class Seen(Protocol):
    """What a judge saw in a set of images."""

    @property
    def features(self) -> torch.Tensor:
        """(N, F) floats."""

    @property
    def probabilities(self) -> torch.Tensor:
        """(N, K) floats in [0, 1], rows adding up to 1."""


@dataclass(frozen=True)
class Scores:
    """The scores of one set of generated images; named as in the journal's `judged` record."""

    fid: float
    inception_score: float
    kid: float
    precision: float
    recall: float
    density: float
    coverage: float
    modes: int
    kl: float
    histogram: list[float]
    histogram_real: list[float]
    copies: float | None = None

    def as_record(self) -> dict[str, Any]:
        """Return the fields for a `judged` record; `copies` only where it was measured."""
        fields = dict(vars(self))
        if self.copies is None:
            del fields["copies"]
        return fields


def score(
    real: Seen,
    fake: Seen,
    *,
    train: Seen | None = None,
    real_radii: torch.Tensor | None = None,
    copying: float | None = None,
    k: int = NEIGHBOURS,
    seed: int = 0,
    clusters: int | None = None,
) -> Scores:
    """Return every score of `fake` beside `real`, which should be as many and not trained on.

    With `train`, the images trained on, `copies` is measured too. With `clusters`, modes are that
    many clusters of the real features instead of the judge's classes: for data without labels.
    What real images alone decide need not be found out again where it is known: `real_radii`, the
    `radii` of `real`, and `copying`, its `copy_distance` from `train`.

    Raises ValueError for sets of k images or fewer, or of features that are not finite.
    """
    for side in (real, fake):
        if len(side.features) <= k:
            raise ValueError(f"scores at k = {k} take at least {k + 1} images of each kind")
        if not bool(torch.isfinite(side.features).all()):
            raise ValueError("the features to score are not finite")
    # One pass over the pairwise distances serves four scores.
    shared = overlap(real.features, fake.features, k=k, real_radii=real_radii)
    precision, recall = precision_recall(shared)
    density, coverage = density_coverage(shared)
    if clusters is None:
        found = class_modes(real.probabilities, fake.probabilities)
    else:
        found = cluster_modes(real.features, fake.features, clusters=clusters, seed=seed)
    copied = None
    if train is not None:
        if copying is None:
            copying = copy_distance(real.features, train.features)
        copied = copies(fake.features, train.features, within=copying)
    return Scores(
        fid=frechet_distance(real.features, fake.features),
        inception_score=inception_score(fake.probabilities),
        kid=kernel_distance(real.features, fake.features, seed=seed),
        precision=precision,
        recall=recall,
        density=density,
        coverage=coverage,
        modes=found.captured,
        kl=found.kl,
        histogram=found.histogram,
        histogram_real=found.histogram_real,
        copies=copied,
    )


def floor(
    real_a: Seen,
    real_b: Seen,
    *,
    k: int = NEIGHBOURS,
    seed: int = 0,
    clusters: int | None = None,
) -> dict[str, float]:
    """Return the scores that `real_b` reaches against `real_a`, two disjoint sets of real images.

    By name, without the histograms: what no generator can be expected to better.
    """
    reached = score(real_a, real_b, k=k, seed=seed, clusters=clusters).as_record()
    return {name: value for name, value in reached.items() if not name.startswith("histogram")}
