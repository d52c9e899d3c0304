"""SVHN, house numbers in street views (Netzer et al. 2011), cropped to one digit."""

from __future__ import annotations

import string

from ganterm.components.datasets.base import SPLITS, Download, PublishedDataset
from ganterm.core.dataspec import DataSpec


def _downloads() -> list[Download]:
    from torchvision import datasets  # noqa: PLC0415 - a slow import

    files = (datasets.SVHN.split_list[split] for split in SPLITS)
    return [Download(name, (url,), md5) for url, name, md5 in files]


SVHN = PublishedDataset(
    name="svhn",
    title="Street view house numbers",
    spec=DataSpec.image(32, 3, string.digits),
    counts={"train": 73_257, "test": 26_032},
    origin="Netzer, Wang, Coates, Bissacco, Wu and Ng 2011; for non-commercial use",
    downloads=_downloads,
    folder="svhn",
    samples={split: (f"{split}_32x32.mat",) for split in SPLITS},
    reader="mat",
    md5s={
        "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
        "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
    },
)
