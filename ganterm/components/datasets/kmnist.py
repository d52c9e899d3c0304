"""Kuzushiji-MNIST (Clanuwat et al. 2018, arXiv:1812.01718)."""

from __future__ import annotations

from functools import partial

from ganterm.components.datasets.base import PublishedDataset, mirrored
from ganterm.components.datasets.mnist import PREFIXES
from ganterm.core.dataspec import DataSpec

KMNIST = PublishedDataset(
    name="kmnist",
    title="Kuzushiji-MNIST cursive Japanese characters",
    spec=DataSpec.image(28, 1, ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")),
    counts={"train": 60_000, "test": 10_000},
    origin="Clanuwat et al. 2018; CC BY-SA 4.0",
    downloads=partial(mirrored, "KMNIST"),
    folder="kmnist",
    prefixes=PREFIXES,
    md5s={
        "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    },
)
