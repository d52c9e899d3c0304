"""Nearest training images: whether a generator copies what it was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.scores.base import Comparison, Score

if TYPE_CHECKING:
    import torch

ROWS = 512
"""Queries at a time: with 60,000 references their distances are 120 MB."""

COPY_QUANTILE = 0.01
"""Held-out images nearer to a training image than all but this share set what counts as a copy."""


def nearest(queries: torch.Tensor, references: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the distance (N,) in float64 and the index (N,) of each query's nearest reference.

    Features (N, F) and (M, F). The search runs in float32, which is twice as quick; the distance
    to what it found is exact.
    """
    import torch  # noqa: PLC0415 - faces read scores without PyTorch

    from ganterm.components.scores.manifold import squared_distances  # noqa: PLC0415

    if not len(references):
        raise ValueError("there is no image to be near to")
    centre = references.mean(dim=0)
    near, far = (queries - centre).float(), (references - centre).float()
    found = [
        squared_distances(near[start : start + ROWS], far).argmin(dim=1)
        for start in range(0, len(near), ROWS)
    ]
    indices = torch.cat(found) if found else torch.zeros(0, dtype=torch.int64)
    gaps = queries.double() - references[indices].double()
    return gaps.square().sum(dim=1).sqrt(), indices


def copy_distance(real: torch.Tensor, train: torch.Tensor) -> float:
    """Return how near to a training image an image must be to count as its copy.

    Features (N, F) of held-out real images and (T, F) of training images: 99 in 100 held-out
    images are at least as far from theirs.
    """
    distances, _ = nearest(real, train)
    return float(distances.quantile(COPY_QUANTILE))


def copies(fake: torch.Tensor, train: torch.Tensor, *, within: float) -> float:
    """Return the share, in [0, 1], of generated images that sit on a training image.

    Features (M, F) of generated and (T, F) of training images; `within` is the `copy_distance`
    of held-out images. So about 0.01 is what chance gives, and much more is memorising.
    """
    distances, _ = nearest(fake, train)
    return float((distances < within).double().mean())


def _of_training_images(comparison: Comparison) -> float | None:
    if comparison.train is None:
        return None
    train, within = comparison.train.features, comparison.copying
    if within is None:
        within = copy_distance(comparison.real.features, train)
    return copies(comparison.fake.features, train, within=within)


COPIES = Score(
    title="copies",
    help="share of generated images that sit on a training image, in [0, 1]",
    tells="that sit on a training image",
    less_is_better=True,
    is_share=True,
    measure=_of_training_images,
)
