"""Which real images a judge learns from, and which it is shown beside the generated ones."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ganterm.components.datasets import DATASETS, SPLITS, Samples
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import DataError
from ganterm.core.registry import short
from ganterm.data import is_available, load
from ganterm.data.images import ImageSet, set_apart
from ganterm.data.loading import loaded
from ganterm.data.progress import ProgressCallback, silent

if TYPE_CHECKING:
    from ganterm.components.datasets import Fit

LEAST_IMAGES = 100
"""Fewer make no judge, and no score worth its digits."""
MOST_LEARNT = 100_000
"""More images are not needed to learn from."""
_HELD_BACK = 6
"""One in so many training images is held back where there is a test split besides."""
_DRAWN = 10_000
"""Samples of each set, of data that are made up."""


@dataclass(frozen=True, kw_only=True)
class ImageSource:
    """Images of one dataset, brought to one shape."""

    dataset: str
    image_size: int
    channels: int
    fit: Fit = "auto"


@dataclass(frozen=True, eq=False, kw_only=True)
class Splits:
    """Real images, uint8 (N, C, H, W): what a judge learns from, and what it has never seen.

    What is generated is compared with `real`, and so is `second`, for the floor. These two are
    halves of the same images, drawn at random, so that nothing but chance tells them apart.
    `held_out`, which the judge is examined on, is the test split where there is one.
    """

    learnt: ImageSet
    held_out: ImageSet
    real: ImageSet
    second: ImageSet

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; none of images without labels."""
        return self.real.classes if self.real.labels is not None else ()


def checksum(*sets: ImageSet) -> str:
    """Return the checksum of all pixels of `sets` in turn, in hexadecimal."""
    crc = 0
    for each in sets:
        crc = zlib.crc32(each.images.contiguous().numpy().data, crc)
    return f"{crc:08x}"


def split_dataset(
    source: ImageSource, *, seed: int = 0, progress: ProgressCallback = silent
) -> Splits:
    """Load a dataset and split it; the same seed gives the same sets.

    The test split and a sixth of the training images are compared with; without a test split it is
    half of the training images. Of data that are made up all are drawn afresh.

    Raises what loading raises, and DataError for fewer than `LEAST_IMAGES`.
    """
    known = DATASETS.resolve(source.dataset) if DATASETS.accepts(source.dataset) else None
    if known is not None and known.draw is not None:
        return _drawn(short(source.dataset), known.spec, known.draw, seed)
    train = _load(source, "train", progress)
    if len(train) < LEAST_IMAGES:
        raise DataError(
            f"{source.dataset} has {len(train)} images, and judging takes at least {LEAST_IMAGES}."
        )
    if known is not None and known.count(SPLITS[1]) and is_available(source.dataset, SPLITS[1]):
        test = _load(source, SPLITS[1], progress)
        apart, learnt = set_apart(train.images, min(len(test), len(train) // _HELD_BACK), seed=seed)
        held_out, unseen = test, _joined(test, train.picked(apart))
    else:
        apart, learnt = set_apart(train.images, len(train) // 2, seed=seed)
        held_out = unseen = train.picked(apart)
    half = len(unseen) // 2
    real, second = set_apart(unseen.images, half, seed=seed + 1)
    return Splits(
        learnt=train.picked(learnt[:MOST_LEARNT]),
        held_out=held_out,
        real=unseen.picked(real),
        second=unseen.picked(second[:half]),
    )


def _load(source: ImageSource, split: str, progress: ProgressCallback) -> ImageSet:
    return load(
        source.dataset,
        split=split,
        image_size=source.image_size,
        channels=source.channels,
        fit=source.fit,
        progress=progress,
    )


def _joined(first: ImageSet, second: ImageSet) -> ImageSet:
    labels = None
    if first.labels is not None and second.labels is not None:
        labels = torch.cat([first.labels, second.labels])
    images = torch.cat([first.images, second.images])
    return ImageSet(images, labels, name=first.name, classes=first.classes)


def _drawn(name: str, spec: DataSpec, draw: Callable[[int, int], Samples], seed: int) -> Splits:
    # Apart from those that are trained on, which are drawn with a seed below 100.
    parts = (
        ImageSet(
            *loaded(name, spec, draw(_DRAWN, 100 + 3 * seed + index)),
            name=name,
            classes=spec.classes,
        )
        for index in range(3)
    )
    learnt, real, second = parts
    return Splits(learnt=learnt, held_out=real, real=real, second=second)
