"""EMNIST (Cohen et al. 2017, arXiv:1702.05373): three of its sets, which share one archive."""

from __future__ import annotations

import string
from typing import Final

from ganterm.components.datasets.base import SPLITS, Download, PublishedDataset
from ganterm.core.dataspec import DataSpec

_ARCHIVE: Final = "gzip.zip"


def _downloads() -> list[Download]:
    from torchvision import datasets  # noqa: PLC0415 - a slow import

    return [Download(_ARCHIVE, (datasets.EMNIST.url,), datasets.EMNIST.md5)]


def _emnist(
    variant: str, title: str, classes: str, train: int, test: int, *, label_offset: int = 0
) -> PublishedDataset:
    name = f"emnist-{variant}"
    return PublishedDataset(
        name=name,
        title=title,
        spec=DataSpec.image(28, 1, classes),
        counts={"train": train, "test": test},
        origin="Cohen, Afshar, Tapson and van Schaik 2017, from NIST Special Database 19",
        downloads=_downloads,
        folder="emnist",
        prefixes={split: f"{name}-{split}" for split in SPLITS},
        md5s={_ARCHIVE: "58c8d27c78d21e728a6bc7b3cc06412e"},
        label_offset=label_offset,
        transposed=True,
        archive=_ARCHIVE,
    )


DIGITS = _emnist("digits", "EMNIST digits", string.digits, 240_000, 40_000)
LETTERS = _emnist(
    "letters", "EMNIST letters", string.ascii_lowercase, 124_800, 20_800, label_offset=-1
)
BALANCED = _emnist(
    "balanced",
    "EMNIST digits and letters, balanced",
    # Upper- and lower-case forms that look alike share one class.
    string.digits + string.ascii_uppercase + "abdefghnqrt",
    112_800,
    18_800,
)
