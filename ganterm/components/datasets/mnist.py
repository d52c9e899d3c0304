"""MNIST (LeCun, Cortes and Burges 1998)."""

from __future__ import annotations

import string
from functools import partial
from typing import Final

from ganterm.components.datasets.base import PublishedDataset, mirrored
from ganterm.core.dataspec import DataSpec

PREFIXES: Final = {"train": "train", "test": "t10k"}
"""How the files of MNIST begin, and of what was made to take its place."""

MNIST = PublishedDataset(
    name="mnist",
    title="MNIST handwritten digits",
    spec=DataSpec.image(28, 1, string.digits),
    counts={"train": 60_000, "test": 10_000},
    origin="LeCun, Cortes and Burges 1998; CC BY-SA 3.0",
    downloads=partial(mirrored, "MNIST"),
    folder="mnist",
    prefixes=PREFIXES,
    md5s={
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    },
)
