"""STL-10 (Coates, Ng and Lee 2011): its labelled images, and its many without labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from ganterm.components.datasets.base import PublishedDataset, archived
from ganterm.core.dataspec import DataSpec

_ARCHIVE: Final = "stl10_binary.tar.gz"


def _stl10(
    name: str,
    title: str,
    classes: Sequence[str],
    counts: dict[str, int],
    samples: dict[str, tuple[str, ...]],
) -> PublishedDataset:
    return PublishedDataset(
        name=name,
        title=title,
        spec=DataSpec.image(96, 3, classes),
        counts=counts,
        origin="Coates, Ng and Lee 2011, from ImageNet",
        downloads=partial(archived, "STL10"),
        folder="stl10_binary",
        samples=samples,
        reader="stl",
        md5s={_ARCHIVE: "91f7769df0f17e558f3565bffb0c7dfb"},
        label_offset=-1,
        archive=_ARCHIVE,
    )


STL10 = _stl10(
    "stl10",
    "STL-10",
    ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"],
    {"train": 5000, "test": 8000},
    {"train": ("train_X.bin", "train_y.bin"), "test": ("test_X.bin", "test_y.bin")},
)
STL10_UNLABELLED = _stl10(
    "stl10-unlabelled",
    "STL-10 without labels",
    (),
    {"train": 100_000},
    {"train": ("unlabeled_X.bin",)},
)
