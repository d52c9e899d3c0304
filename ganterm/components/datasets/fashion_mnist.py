"""Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747)."""

from __future__ import annotations

from functools import partial

from ganterm.components.datasets.base import PublishedDataset, mirrored
from ganterm.components.datasets.mnist import PREFIXES
from ganterm.core.dataspec import DataSpec

FASHION_MNIST = PublishedDataset(
    name="fashion-mnist",
    title="Fashion-MNIST articles of clothing",
    spec=DataSpec.image(
        28,
        1,
        (
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
    ),
    counts={"train": 60_000, "test": 10_000},
    origin="Xiao, Rasul and Vollgraf 2017; MIT",
    downloads=partial(mirrored, "FashionMNIST"),
    folder="fashionmnist",
    prefixes=PREFIXES,
    md5s={
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
)
