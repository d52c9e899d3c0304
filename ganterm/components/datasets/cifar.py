"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009)."""

from __future__ import annotations

from functools import partial
from typing import Final

from ganterm.components.datasets.base import PublishedDataset, archived
from ganterm.core.dataspec import DataSpec

_ORIGIN: Final = "Krizhevsky 2009, from the 80 Million Tiny Images"
_COUNTS: Final = {"train": 50_000, "test": 10_000}
_TEN: Final = "airplane automobile bird cat deer dog frog horse ship truck"

CIFAR10 = PublishedDataset(
    name="cifar10",
    title="CIFAR-10",
    spec=DataSpec.image(
        32,
        3,
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    ),
    counts=_COUNTS,
    origin=_ORIGIN,
    downloads=partial(archived, "CIFAR10"),
    folder="cifar-10-batches-py",
    samples={
        "train": tuple(f"data_batch_{number}" for number in range(1, 6)),
        "test": ("test_batch",),
    },
    reader="cifar",
    md5s={"cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"},
    archive="cifar-10-python.tar.gz",
)

_FINE: Final = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
    camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile
    cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp
    lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom
    oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
    possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake
    spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
    train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""

CIFAR100 = PublishedDataset(
    name="cifar100",
    title="CIFAR-100",
    spec=DataSpec.image(32, 3, _FINE.split()),
    counts=_COUNTS,
    origin=_ORIGIN,
    downloads=partial(archived, "CIFAR100"),
    folder="cifar-100-python",
    samples={"train": ("train",), "test": ("test",)},
    reader="cifar",
    md5s={"cifar-100-python.tar.gz": "eb9058c3a382ffc7106e4002c42a8d85"},
    archive="cifar-100-python.tar.gz",
)
