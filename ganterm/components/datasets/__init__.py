"""Datasets: one file each, one line here. A folder of images is one as well, by its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec

from ganterm.components.datasets.base import (
    BACKGROUND_PATTERN,
    BLACK,
    SPLITS,
    Colour,
    Dataset,
    DatasetFacts,
    Download,
    Fit,
    PublishedDataset,
    Samples,
    colour_of,
)
from ganterm.core.dataspec import DataSpec, ImageSize
from ganterm.core.registry import Registry, short
from ganterm.core.settings import DATA, Problem, about, default_of

__all__ = [
    "BLACK",
    "DATASETS",
    "SPLITS",
    "Colour",
    "DataSettings",
    "Dataset",
    "DatasetFacts",
    "Download",
    "Fit",
    "PublishedDataset",
    "Samples",
    "colour_of",
    "problems",
]

_HERE: Final = "ganterm.components.datasets"

DATASETS: Final = Registry(
    "dataset",
    DatasetFacts,
    Dataset,
    {
        "digits": f"{_HERE}.digits:DIGITS",
        "mnist": f"{_HERE}.mnist:MNIST",
        "fashion-mnist": f"{_HERE}.fashion_mnist:FASHION_MNIST",
        "kmnist": f"{_HERE}.kmnist:KMNIST",
        "emnist-digits": f"{_HERE}.emnist:DIGITS",
        "emnist-letters": f"{_HERE}.emnist:LETTERS",
        "emnist-balanced": f"{_HERE}.emnist:BALANCED",
        "usps": f"{_HERE}.usps:USPS",
        "cifar10": f"{_HERE}.cifar:CIFAR10",
        "cifar100": f"{_HERE}.cifar:CIFAR100",
        "svhn": f"{_HERE}.svhn:SVHN",
        "stl10": f"{_HERE}.stl10:STL10",
        "stl10-unlabelled": f"{_HERE}.stl10:STL10_UNLABELLED",
        "tinted-digits": f"{_HERE}.tinted_digits:TINTED_DIGITS",
        "stacked-mnist": f"{_HERE}.stacked_mnist:STACKED_MNIST",
        "ring": f"{_HERE}.ring:RING",
    },
    elsewhere="ganterm.data.listing:folder_at",
    plain="ganterm.data.intake:dataset",
)
"""Every dataset by the name that configurations use."""

_OF_IMAGES: Final = ("split", "holdout", "image_size", "channels", "fit", "flip", "augment")
"""What has something to do with images alone."""


class DataSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which dataset, and what its images are made into."""

    dataset: Annotated[
        str,
        about(
            DATA,
            "Dataset by name, the path of a folder of images, or one of your own in a file.",
            "digits comes with ganterm and needs no network",
            registry=DATASETS,
            closed=False,
            min_length=1,
        ),
    ] = "digits"
    split: Annotated[
        Literal["train", "test", "all"],
        about(DATA, "Which part of the dataset to train on.", part_of="dataset"),
    ] = "train"
    holdout: Annotated[
        float,
        about(
            DATA,
            "Share of the images that training leaves out, to judge by.",
            "a test split, or a folder called test or val, is left out as it is",
            ge=0,
            le=0.5,
        ),
    ] = 0.0
    image_size: Annotated[
        ImageSize,
        about(
            DATA,
            "Side of the square images in pixels, or height x width such as 48x64.",
            "what is twice as large takes four times as long",
        ),
    ] = 28
    channels: Annotated[
        Literal[1, 3, 4],
        about(DATA, "1 for grey images, 3 for colour, 4 for colour with transparency."),
    ] = 1
    fit: Annotated[
        Fit,
        about(
            DATA,
            "How images of another size are brought to image_size.",
            "auto pads when the images are only a little smaller, and resizes otherwise; crop and "
            "random-crop fill it",
        ),
    ] = "auto"
    background: Annotated[
        str,
        about(
            DATA,
            "What transparent pictures lie over, without an alpha channel: auto, black, grey, "
            "white or #RRGGBB.",
            "auto takes what the corners of the pictures suggest",
            pattern=BACKGROUND_PATTERN,
        ),
    ] = "auto"
    flip: Annotated[
        bool,
        about(
            DATA,
            "Mirror half of the images of each batch, left to right.",
            "for photographs of which the mirror image could be one too; not for writing",
            part_of="dataset",
        ),
    ] = False

    @property
    def data_spec(self) -> DataSpec:
        """What the networks give and take; it names no classes, which only the dataset can.

        Images have the size and the channels that are set, points are as they are published.
        """
        published = DATASETS.facts(self.dataset).spec
        if published.is_points:
            return published.with_classes(())
        return DataSpec.image(self.image_size, self.channels)


def problems(config: Any) -> Iterator[Problem]:
    """Yield what does not go with the dataset of a whole configuration."""
    if DATASETS.knows(config.dataset):
        yield from DATASETS.problems(config.dataset, config)
    if not config.data_spec.is_points:
        return
    for field in _OF_IMAGES:
        usual = default_of(config, field)
        if getattr(config, field) != usual:
            yield Problem(
                field,
                f"{short(config.dataset)} has points, not images, so there is nothing for it to "
                f"do; leave it at {str(usual).lower()}.",
            )
