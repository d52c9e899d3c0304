"""Copies: whether a generator gives out again what it was trained on.

An image is a copy where it looks like one training image and like no other: the nearest is less
than half as far away as the second (the ratio test of Lowe 2004, "Distinctive Image Features …"),
or so near that nobody sees the difference. What is far depends on how alike the images are
everywhere, so that noise does not hide a copy, and the simplest of digits is none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from ganterm.components.scores.base import Comparison, Score

if TYPE_CHECKING:
    import torch

SIDE: Final = 16
"""Most pixels a side of what is compared: whole images, averaged, at a glance."""
RATIO: Final = 0.45
"""How far a copy is at most from its original, of how far it is from the next image."""
UNSEEN: Final = 5.5
"""A root mean square difference that nobody sees, of 255; noise of ±8 makes one of 4.9."""
ROWS, COLUMNS = 512, 8192
"""Images that are compared at a time: their distances take 16 MB, however many there are."""


def thumbnails(images: torch.Tensor) -> torch.Tensor:
    """Return uint8 images (N, C, H, W) as float32 rows (N, F), averaged to 16 pixels a side."""
    from torch.nn.functional import avg_pool2d  # noqa: PLC0415 - faces read scores without PyTorch

    times = math.ceil(images.shape[-1] / SIDE)
    return avg_pool2d(images.float(), times).flatten(1)


def nearest_two(
    images: torch.Tensor, trained: torch.Tensor, *, places: torch.Tensor | None = None
) -> torch.Tensor:
    """Return how far (N, 2) each image is from the nearest and the second of those trained on.

    Images (N, C, H, W) and (M, C, H, W), uint8; the distance is the root mean square difference of
    their `thumbnails`. `places` (N, P) says which of those trained on they are themselves, where
    they are: these are left out. Infinite where there is no second.
    """
    import torch  # noqa: PLC0415

    asked = thumbnails(images)
    centre = thumbnails(trained[:COLUMNS]).mean(dim=0)
    asked -= centre
    norms = asked.square().sum(dim=1, keepdim=True)
    found = torch.full((len(asked), 2), math.inf)
    for first in range(0, len(trained), COLUMNS):
        known = thumbnails(trained[first : first + COLUMNS]) - centre
        known_norms = known.square().sum(dim=1)
        for start in range(0, len(asked), ROWS):
            rows = slice(start, start + ROWS)
            distances = torch.addmm(known_norms, asked[rows], known.T, alpha=-2)
            if places is not None:
                own = places[rows] - first
                here = (own >= 0) & (own < len(known))
                distances[here.nonzero()[:, 0], own[here]] = math.inf
            # Two minima are several times as quick as topk.
            near, which = distances.min(dim=1, keepdim=True)
            second = distances.scatter_(1, which, math.inf).amin(dim=1, keepdim=True)
            both = torch.cat([near, second], dim=1) + norms[rows]
            found[rows] = torch.cat([found[rows], both], dim=1).sort(dim=1).values[:, :2]
    return found.clamp_min_(0).div_(asked.shape[1]).sqrt_()


def copies(
    images: torch.Tensor, trained: torch.Tensor, *, places: torch.Tensor | None = None
) -> float:
    """Return the share, in [0, 1], of images that are copies of one that was trained on.

    Images and `places` as for `nearest_two`.
    """
    near, second = nearest_two(images, trained, places=places).unbind(dim=1)
    return float(((near < RATIO * second) | (near < UNSEEN)).double().mean())


def _of_training_images(comparison: Comparison) -> float | None:
    if comparison.images is None or comparison.trained is None:
        return None
    return copies(comparison.images, comparison.trained)


COPIES = Score(
    title="copies",
    help="share of generated images that are copies of a training image, in [0, 1]",
    tells="that are a training image again",
    less_is_better=True,
    is_share=True,
    measure=_of_training_images,
)
