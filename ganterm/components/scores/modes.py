"""Modes captured: which classes, or clusters, of the data the generated images reach."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganterm.components.scores.base import Score

if TYPE_CHECKING:
    import torch

LEAST_SHARE = 1 / 6
"""A mode is captured from this part of its share among the real images on.

A single image would do by the oldest definition, but a judge takes some image of ten thousand for
any class, and noise all over the plane puts a seventh of its share near each Gaussian of the ring.
"""


@dataclass(frozen=True)
class Modes:
    """How the images spread over the modes."""

    captured: int
    kl: float
    """KL of the generated images' distribution from the real one, in nats, >= 0."""
    histogram: list[float]
    histogram_real: list[float]


def class_modes(real: torch.Tensor, fake: torch.Tensor) -> Modes:
    """Return the modes of class probabilities (N, K) and (M, K): an image is of its likeliest.

    It is of none where all are as likely.
    """
    classes = real.shape[1]
    return _compare(_likeliest(real), _likeliest(fake), classes)


def _likeliest(probabilities: torch.Tensor) -> torch.Tensor:
    """Return the likeliest class of each row of (N, K); -1 where none of several is."""
    most, found = probabilities.max(dim=1)
    return found.masked_fill((most == probabilities.amin(dim=1)) & (probabilities.shape[1] > 1), -1)


def cluster_modes(real: torch.Tensor, fake: torch.Tensor, *, clusters: int, seed: int = 0) -> Modes:
    """Return the modes of features (N, F) and (M, F) as k-means clusters of the real ones."""
    import torch  # noqa: PLC0415 - faces read scores without PyTorch
    from sklearn.cluster import MiniBatchKMeans  # noqa: PLC0415 - a second to import

    clusters = min(clusters, len(real))
    means = MiniBatchKMeans(clusters, random_state=seed, n_init=3, batch_size=2048)
    real_labels = means.fit_predict(real.double().cpu().numpy())
    fake_labels = means.predict(fake.double().cpu().numpy())
    return _compare(torch.as_tensor(real_labels), torch.as_tensor(fake_labels), clusters)


def _compare(real: torch.Tensor, fake: torch.Tensor, modes: int) -> Modes:
    """Return the modes of labels (N,) and (M,) in [0, modes), or -1 for none."""
    real_shares = _shares(real, modes)
    fake_shares = _shares(fake, modes)
    captured = sum(
        share > 0 and share >= LEAST_SHARE * expected
        for share, expected in zip(fake_shares, real_shares, strict=True)
        if expected > 0
    )
    # A mode that the real images lack counts as half an image, so that the divergence is finite.
    least = 0.5 / len(real)
    within = sum(fake_shares) or 1.0
    kl = sum(
        share / within * math.log(share / within / max(expected, least))
        for share, expected in zip(fake_shares, real_shares, strict=True)
        if share > 0
    )
    return Modes(captured, max(0.0, kl), fake_shares, real_shares)


def _shares(labels: torch.Tensor, modes: int) -> list[float]:
    """Return the share of each mode among labels (N,); what is of none counts in none."""
    found = labels.long().cpu()
    counts = found[found >= 0].bincount(minlength=modes).double()
    return [float(share) for share in counts / len(labels)]


MODES = Score(
    title="modes",
    help="modes captured",
    tells="classes or clusters that appear",
    measure=lambda comparison: comparison.modes.captured,
)
KL = Score(
    title="KL of the classes",
    help="KL of the generated classes' distribution from the real one, in nats",
    tells="from those of the data, in nats",
    less_is_better=True,
    measure=lambda comparison: comparison.modes.kl,
)
