"""The USPS postal digits (Hull 1994), as libsvm publishes them."""

from __future__ import annotations

import string

from ganterm.components.datasets.base import Download, PublishedDataset
from ganterm.core.dataspec import DataSpec


def _downloads() -> list[Download]:
    from torchvision import datasets  # noqa: PLC0415 - a slow import

    return [Download(name, (url,), md5) for url, name, md5 in datasets.USPS.split_list.values()]


USPS = PublishedDataset(
    name="usps",
    title="USPS postal digits",
    spec=DataSpec.image(16, 1, string.digits),
    counts={"train": 7291, "test": 2007},
    origin="Hull 1994, as libsvm publishes it",
    downloads=_downloads,
    folder="usps",
    samples={"train": ("usps.bz2",), "test": ("usps.t.bz2",)},
    reader="libsvm",
    md5s={
        "usps.bz2": "ec16c51db3855ca6c91edd34d0e9b197",
        "usps.t.bz2": "8ea070ee2aca1ac39742fdd1ef5ed118",
    },
    label_offset=-1,
)
