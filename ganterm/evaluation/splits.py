"""Which real images a judge learns from, and which it is shown beside the generated ones."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ganterm.components.datasets import DATASETS
from ganterm.core.dataspec import ImageSize
from ganterm.core.errors import DataError
from ganterm.core.registry import short
from ganterm.data import dataset_facts, is_available, load
from ganterm.data.images import ImageSet, held_out_of, places_of, set_apart
from ganterm.data.listing import splits_of
from ganterm.data.loading import loaded
from ganterm.data.progress import ProgressCallback, silent

if TYPE_CHECKING:
    from ganterm.components.datasets import Fit

LEAST_IMAGES = 100
"""Fewer make no judge, and no score worth its digits."""
_LEAST_COMPARED = LEAST_IMAGES // 4
"""Fewer real images are none to compare with."""
MOST_LEARNT = 100_000
"""More images are not needed to learn from."""
_HELD_BACK = 6
"""One in so many training images is held back where there is a test split besides."""
_DRAWN = 10_000
"""Samples of each set, of data that are made up."""

UNSAID = ("auto", "black")
"""Backgrounds that a judge does not name."""


@dataclass(frozen=True, kw_only=True)
class ImageSource:
    """Images of one dataset, brought to one shape."""

    dataset: str
    image_size: ImageSize
    channels: int
    fit: Fit = "auto"
    background: str = "auto"
    flip: bool = False
    """Whether a run has half of them mirrored."""

    @property
    def told(self) -> str:
        """What a judge learns of them, in its words: the same whether or not some are mirrored."""
        known = {name: value for name, value in vars(self).items() if name != "flip"}
        if self.background in UNSAID:
            del known["background"]
        return json.dumps(known)


@dataclass(frozen=True, eq=False, kw_only=True)
class Splits:
    """Real images, uint8 (N, C, H, W): what a judge learns from, and what it has never seen.

    `held_out`, which the judge is examined on, is the test split where there is one; `apart` are
    the training images that it did not learn from.
    """

    learnt: ImageSet
    held_out: ImageSet
    apart: ImageSet


@dataclass(frozen=True, eq=False, kw_only=True)
class RealImages:
    """Real images that a run's are compared with, and those that it trained on.

    What is generated is compared with `real`, and so is `second`, for the floor; no image is in
    both.
    """

    real: ImageSet
    second: ImageSet
    held_out: bool
    """Whether the run did not train on `real`."""
    words: str
    """Which images `real` are."""
    trained: torch.Tensor | None = None
    """Images that the run trained on; None where they were made up."""
    places: torch.Tensor | None = None
    """Which of these (N, P) each of `real` is; None where they are held out."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; none of images without labels."""
        return self.real.classes if self.real.labels is not None else ()

    def mirrored(self) -> RealImages:
        """Return what a run sees that has half of them mirrored: each as its pixels draw it."""
        trained, places = self.trained, self.places
        if trained is not None and places is not None:
            twins = torch.where(places < 0, places, places + len(trained))
            places = torch.cat([places, twins], dim=1)
        return replace(
            self,
            real=half_mirrored(self.real),
            second=half_mirrored(self.second),
            trained=None if trained is None else both_ways(trained),
            places=places,
        )


def crc_of(*sets: torch.Tensor) -> str:
    """Return the checksum of all pixels of sets of images in turn, in hexadecimal."""
    crc = 0
    for images in sets:
        crc = zlib.crc32(images.contiguous().numpy().data, crc)
    return f"{crc:08x}"


def split_dataset(
    source: ImageSource, *, seed: int = 0, progress: ProgressCallback = silent
) -> Splits:
    """Load a dataset and split it for a judge; the same seed gives the same sets.

    All but a sixth of the training images are learnt from; without a test split half of them. Of
    data that are made up all are drawn afresh.

    Raises what loading raises, and DataError for fewer than `LEAST_IMAGES`.
    """
    if (drawn := _drawn(source, seed)) is not None:
        return Splits(learnt=drawn[0], held_out=drawn[1], apart=drawn[1])
    train = load_source(source, "train", progress)
    test = _of_classes(load_source(source, "test", progress), train) if _has_test(source) else None
    return split_images(train, source.dataset, test=test, seed=seed)


def split_images(
    train: ImageSet, name: str, *, test: ImageSet | None = None, seed: int = 0
) -> Splits:
    """Split images called `name` as `split_dataset` does; raises DataError for too few.

    A test split of too few to compare with is none.
    """
    if len(train) < LEAST_IMAGES:
        raise DataError(
            f"{name} has {len(train)} images, and judging takes at least {LEAST_IMAGES}."
        )
    if test is not None and len(test) < _LEAST_COMPARED:
        test = None
    count = len(train) // 2 if test is None else min(len(test), len(train) // _HELD_BACK)
    apart, learnt = set_apart(train.images, count, seed=seed)
    unseen = train.picked(apart)
    return Splits(
        learnt=train.picked(learnt[:MOST_LEARNT]),
        held_out=unseen if test is None else test,
        apart=unseen,
    )


def real_images(
    source: ImageSource,
    *,
    split: str = "train",
    holdout: float = 0.0,
    seed: int = 0,
    progress: ProgressCallback = silent,
) -> RealImages:
    """Load the real images for a run that trained on `split`, but for a share `holdout` of it.

    Half of them are mirrored where its are. They are those that it did not train on: what it left
    out, and the other split, of the training images only those that no judge learns from. Where
    there are none, it trained on them. Of data that are made up all are drawn afresh.

    Raises as `split_dataset` does.
    """
    if (drawn := _drawn(source, seed)) is not None:
        _, real, second = drawn
        return RealImages(real=real, second=second, held_out=True, words="drawn afresh")
    found = _real_images(source, split, holdout, seed, progress)
    return found.mirrored() if source.flip else found


def _real_images(
    source: ImageSource, split: str, holdout: float, seed: int, progress: ProgressCallback
) -> RealImages:
    division = split_dataset(source, seed=seed, progress=progress)
    has_test = division.held_out is not division.apart
    whole = load_source(source, split, progress)
    held, rest = held_out_of(whole.images, holdout)
    parts, words = [], []
    if len(held):
        parts.append(_of_classes(whole.picked(held), division.apart))
        words.append(f"{holdout:.0%} of the images, which it left out")
    if split == "train" and has_test:
        parts.append(division.held_out)
        words.append("the test split")
    elif split == "test":
        parts.append(division.apart)
        words.append("images of the train split")
    trained = whole.images[rest]
    unlearnt = _joined([division.apart, division.held_out]) if has_test else division.apart
    if sum(map(len, parts)) < _LEAST_COMPARED:
        real, second = _halves(unlearnt, seed)
        return RealImages(
            real=real,
            second=second,
            held_out=False,
            words="images that it trained on",
            trained=trained,
            places=places_of(real.images, trained)[:, None],
        )
    real = _joined(parts)
    others = places_of(unlearnt.images, real.images) < 0
    second = unlearnt.picked(others.nonzero()[:, 0])
    if len(second) < len(real) // 2:
        real, second = _halves(real, seed)
    else:
        real, second = _shuffled(real, seed), _shuffled(second, seed)
    return RealImages(
        real=real, second=second, held_out=True, words=" and ".join(words), trained=trained
    )


def _has_test(source: ImageSource) -> bool:
    facts = dataset_facts(source.dataset)
    if facts.path:
        return "test" in splits_of(Path(facts.path))
    return bool(facts.count("test")) and is_available(source.dataset, "test")


def load_source(source: ImageSource, split: str, progress: ProgressCallback) -> ImageSet:
    """Return the images of one split, or of `all`; raises what loading raises."""
    return load(
        source.dataset,
        split=split,
        image_size=source.image_size,
        channels=source.channels,
        fit=source.fit,
        background=source.background,
        progress=progress,
    )


def _of_classes(images: ImageSet, like: ImageSet) -> ImageSet:
    """Return images with the classes of others by their names; those of no such class are left.

    Beside others without labels they have none.
    """
    if like.labels is None:
        return replace(images, labels=None, classes=like.classes)
    if images.labels is None or images.classes == like.classes:
        return images
    places = [like.classes.index(name) if name in like.classes else -1 for name in images.classes]
    labels = torch.tensor(places)[images.labels]
    known = replace(images, labels=labels, classes=like.classes)
    return known.picked((labels >= 0).nonzero()[:, 0])


def _joined(parts: Sequence[ImageSet]) -> ImageSet:
    labels = [part.labels for part in parts if part.labels is not None]
    return replace(
        parts[0],
        images=torch.cat([part.images for part in parts]),
        labels=torch.cat(labels) if len(labels) == len(parts) else None,
    )


def _shuffled(images: ImageSet, seed: int) -> ImageSet:
    """Return images in an order that they are not split by."""
    return images.picked(torch.cat(set_apart(images.images, 0, seed=seed + 1)))


def half_mirrored(images: ImageSet) -> ImageSet:
    """Return images of which half are mirrored: each as its pixels draw it."""
    order = torch.cat(set_apart(images.images, 0, seed=0))
    pixels = images.images.clone()
    chosen = order[: len(order) // 2]
    pixels[chosen] = pixels[chosen].flip(3)
    return replace(images, images=pixels)


def both_ways(images: torch.Tensor) -> torch.Tensor:
    """Return images (N, C, H, W), and after them (2N, C, H, W) all of them mirrored."""
    return torch.cat([images, images.flip(3)])


def _halves(images: ImageSet, seed: int) -> tuple[ImageSet, ImageSet]:
    half = len(images) // 2
    one, other = set_apart(images.images, half, seed=seed + 1)
    return images.picked(one), images.picked(other[:half])


def _drawn(source: ImageSource, seed: int) -> list[ImageSet] | None:
    """Draw three sets of data that are made up; None of others."""
    if not DATASETS.accepts(source.dataset):
        return None
    known = DATASETS.resolve(source.dataset)
    if known.draw is None:
        return None
    name = short(source.dataset)
    # Apart from those that are trained on, which are drawn with a seed below 100.
    draws = (known.draw(_DRAWN, 100 + 3 * seed + index) for index in range(3))
    return [
        ImageSet(*loaded(name, known.spec, samples), name=name, classes=known.spec.classes)
        for samples in draws
    ]
