"""Picking real images to look at, and summing up a dataset in figures."""

import random
from typing import Any

import numpy as np

from ganterm.core.errors import ConfigError
from ganterm.data.fit import in_pieces
from ganterm.data.images import ImageSet
from ganterm.data.progress import ProgressCallback, silent


def pick(images: ImageSet, count: int, *, seed: int, only: str | None = None) -> list[int]:
    """Pick `count` different images at random, or all where there are fewer; give their indices.

    `only` names a class, by its name or by its number from 0. Raises ConfigError for a class the
    set does not have.
    """
    candidates = range(len(images)) if only is None else _of_class(images, only)
    return random.Random(seed).sample(candidates, min(count, len(candidates)))


def _of_class(images: ImageSet, only: str) -> list[int]:
    if images.labels is None:
        raise ConfigError(f"{images.name} has no classes: leave --class out.")
    if only in images.classes:
        index = images.classes.index(only)
    elif only.isdecimal() and int(only) < len(images.classes):
        index = int(only)
    else:
        known = ", ".join(images.classes)
        raise ConfigError(f"{images.name} has no class {only!r}: its classes are {known}.")
    indices: list[int] = np.flatnonzero(images.labels.numpy() == index).tolist()
    if not indices:
        raise ConfigError(f"{images.name} has no images of class {only!r} in this split.")
    return indices


def describe(
    images: ImageSet, indices: list[int], *, split: str, progress: ProgressCallback = silent
) -> dict[str, Any]:
    """Sum up a set for scripts: shape, images a class, mean and standard deviation in [0, 1].

    `shown` lists the images at `indices` with their labels.
    """
    histogram = np.zeros(256, dtype=np.int64)
    done = 0
    for piece in in_pieces(images.images):
        histogram += np.bincount(piece.numpy().ravel(), minlength=256)
        done += len(piece)
        progress("summing up", done, len(images), "images")
    levels = np.arange(256) / 255
    mean = float((histogram * levels).sum() / histogram.sum())
    variance = float((histogram * (levels - mean) ** 2).sum() / histogram.sum())
    labels = None if images.labels is None else images.labels.numpy()
    counts = [] if labels is None else np.bincount(labels, minlength=len(images.classes)).tolist()
    return {
        "name": images.name,
        "split": split,
        "count": len(images),
        "image_size": images.size.setting,
        "channels": images.channels,
        "classes": [
            {"name": name, "count": count}
            for name, count in zip(images.classes, counts, strict=True)
        ],
        "mean": mean,
        "std": variance**0.5,
        "shown": [
            {"index": index, "label": None if labels is None else int(labels[index])}
            for index in indices
        ],
        "notes": images.notes,
    }
