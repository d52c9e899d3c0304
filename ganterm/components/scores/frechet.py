"""The Fréchet distance between features (Heusel et al. 2017, "GANs Trained by a TTUR …": FID)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ganterm.components.scores.base import Score

if TYPE_CHECKING:
    import torch


def frechet_distance(real: torch.Tensor, fake: torch.Tensor) -> float:
    """Return |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), >= 0, of features (N, F) and (M, F).

    Means and unbiased covariances, in float64. The score falls with the sample count, so it only
    compares at the same count. Raises ValueError for fewer than two rows.
    """
    if min(len(real), len(fake)) < 2:
        raise ValueError("the Fréchet distance takes at least two images of each kind")
    return distance_from(*gaussian(real))(*gaussian(fake))


def distance_from(
    real_mean: torch.Tensor, real_spread: torch.Tensor
) -> Callable[[torch.Tensor, torch.Tensor], float]:
    """Return the Fréchet distance of others from a Gaussian of mean (F,) and covariance (F, F)."""
    import torch  # noqa: PLC0415 - faces read scores without PyTorch

    # S1 S2 has the eigenvalues of R S2 R with R = S1^(1/2), which is symmetric: no complex root of
    # a near singular product has to be tamed.
    values, vectors = torch.linalg.eigh(real_spread)
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T

    def distance(fake_mean: torch.Tensor, fake_spread: torch.Tensor) -> float:
        gap = real_mean - fake_mean
        product = root @ fake_spread @ root
        shared = torch.linalg.eigvalsh((product + product.T) / 2).clamp_min(0).sqrt().sum()
        found = gap @ gap + real_spread.trace() + fake_spread.trace() - 2 * shared
        return max(0.0, float(found))

    return distance


def gaussian(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean (F,) and unbiased covariance (F, F) of features (N, F), in float64."""
    features = features.double()
    mean = features.mean(dim=0)
    centred = features - mean
    return mean, centred.T @ centred / (len(features) - 1)


FID = Score(
    title="Frechet distance",
    help="Fréchet distance between features of real and generated images",
    tells="of the images as a whole",
    short="FID",
    less_is_better=True,
    group="distance",
    purpose="general use",
    because="its images as a whole are the nearest to the real ones",
    measure=lambda seen: frechet_distance(seen.real.features, seen.fake.features),
)
