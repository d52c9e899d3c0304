"""Datasets of the user's own, as they are written: functions, and torch's Dataset of anything."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ganterm.components.datasets import DATASETS
from ganterm.core.errors import ConfigError
from ganterm.core.parts import Copy, use_copies
from ganterm.data import load
from ganterm.data.catalogue import anchored, dataset_facts, image_count
from ganterm.data.progress import TOLD

SOURCE = '''
import random

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

LEVELS = torch.arange(300 * 3 * 8 * 8, dtype=torch.float64).remainder(256).view(300, 3, 8, 8)
ARRAY = LEVELS[:, :1].byte().numpy()
BINARY = ARRAY % 2
BINARY_ITEMS = [torch.from_numpy(image).long() for image in BINARY]


class Items(Dataset):
    """Three hundred pictures."""

    classes = ("none", "some", "more")

    def __init__(self, how: str = "unit"):
        self.how = how

    def __len__(self):
        return 0 if self.how == "empty" else 300

    def __getitem__(self, index):
        image, label = LEVELS[index].float() / 255, index % 3
        if self.how == "signed":
            return image * 2 - 1, torch.tensor(label)
        if self.how == "numpy":
            return image, np.int64(label)
        if self.how == "bytes":
            return LEVELS[index].byte(), f"word {label}"
        if self.how == "alone":
            return image
        if self.how == "boxes":
            return image, {"boxes": [label]}
        if self.how in ("pil", "flipped"):
            picture = Image.fromarray(LEVELS[index].byte().permute(1, 2, 0).numpy())
            turned = self.how == "flipped" and random.random() < 0.5
            return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if turned else picture
        if self.how == "normalised":
            return (image - 0.5) / 0.2
        if index == 270 and self.how == "late":
            return image - 1
        if index == 7 and self.how == "sizes":
            return image[:, 1:]
        if index == 7 and self.how == "raises":
            raise KeyError("no such picture")
        if self.how == "batches":
            return image[None], label
        if self.how == "words":
            return "word"
        return image, label


def images(kind: str = "bytes"):
    found = {"bytes": LEVELS.byte(), "grey": LEVELS[:, 0].byte(), "unit": LEVELS / 255}
    return found[kind]


def labelled(labels: int = 300, kind: str = "whole"):
    numbers = torch.arange(labels) % 3
    return ARRAY, numbers if kind == "whole" else numbers / 2


def few():
    return (Image.new("L", (9, 7), level) for level in range(30))


def empty():
    return np.zeros((0, 3, 8, 8), np.uint8)


def points():
    return np.zeros((9, 2))


def number():
    return 3
'''
LINES = SOURCE.splitlines()
NUMBERS = ("0", "1", "2")
CLASSES = ("more", "none", "some")
"""In order, which is not that of the labels."""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "data.py"
    path.write_text(SOURCE)
    return path


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("Items", (300, 3, 8, 8), CLASSES),
        ("Items:how=signed", (300, 3, 8, 8), CLASSES),
        ("Items:how=numpy", (300, 3, 8, 8), CLASSES),
        ("Items:how=bytes", (300, 3, 8, 8), ("word 0", "word 1", "word 2")),
        ("Items:how=alone", (300, 3, 8, 8), ()),
        ("Items:how=boxes", (300, 3, 8, 8), ()),
        ("Items:how=pil", (300, 3, 8, 8), ()),
        ("images", (300, 3, 8, 8), ()),
        ("images:kind=grey", (300, 1, 8, 8), ()),
        ("images:kind=unit", (300, 3, 8, 8), ()),
        ("labelled", (300, 1, 8, 8), NUMBERS),
        ("ARRAY", (300, 1, 8, 8), ()),
        ("few", (30, 1, 7, 9), ()),
    ],
)
def test_whatever_they_give_is_taken_in(
    own: Path, name: str, shape: tuple[int, ...], classes: tuple[str, ...]
) -> None:
    """To the very levels, with the classes that it names."""
    found = DATASETS.resolve(f"data.py:{name}")
    assert (found.spec.shape, found.counts) == (shape[1:], {"train": shape[0]})
    assert found.spec.classes == classes
    taken = load(f"data.py:{name}", image_size=f"{shape[2]}x{shape[3]}", channels=shape[1])
    assert taken.images.shape == shape
    assert taken.name == f"data.py:{name}"
    assert any("was taken in once" in note for note in taken.notes)
    if name != "few":
        levels = torch.arange(300 * 3 * 64).remainder(256).view(300, 3, 8, 8).byte()[:, : shape[1]]
        order = torch.arange(300)
        if classes:
            places = (2, 0, 1) if classes == CLASSES else (0, 1, 2)
            order = torch.cat([order[order % 3 == place] for place in places])
        assert torch.equal(taken.images, levels[order])


@pytest.mark.parametrize("name", ["BINARY", "BINARY_ITEMS"])
def test_zeros_and_ones_are_black_and_white(own: Path, name: str) -> None:
    taken = load(f"data.py:{name}", image_size=8, channels=1)
    assert set(taken.images.flatten().tolist()) == {0, 255}
    assert any("taken for black and white" in note for note in taken.notes)


def line(text: str) -> int:
    return 1 + next(number for number, found in enumerate(LINES) if text in found)


ITEM = line("def __getitem__")


@pytest.mark.parametrize(
    ("name", "at", "words"),
    [
        ("Items:how=normalised", ITEM, "its images have values from -2.5 to 2.5, and [0, 1] or"),
        ("Items:how=late", ITEM, "item 270 has values from -1 to"),
        ("Items:how=sizes", ITEM, "item 7 is (3, 7, 8), and the first is (3, 8, 8)"),
        ("Items:how=raises", line("raise KeyError"), "item 7: data.py cannot be run, "),
        ("Items:how=batches", ITEM, "give the Dataset itself, not its DataLoader"),
        ("Items:how=words", ITEM, "item 0 is of type str, and a picture is wanted"),
        ("Items:how=empty", ITEM, "it gives no images"),
        ("empty", line("def empty"), "it gives no images"),
        ("points", line("def points"), "item 0 is of type ndarray, and a picture is wanted"),
        ("number", line("def number"), "it gives int, and images are wanted"),
        ("labelled:labels=9", line("def labelled"), "labels of shape (9,) and type int64 for 300"),
        ("labelled:kind=odd", line("def labelled"), "type float32 for 300 images"),
        ("Items:which=x", 0, "which is no setting of Items; it has how"),
        ("absent", 0, "data.py has no absent; it has Items, images"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_with_its_line(
    own: Path, name: str, at: int, words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        DATASETS.resolve(f"data.py:{name}")
    said = str(refused.value)
    assert said.startswith(f"dataset data.py:{name}: ")
    assert words in said
    assert f"line {at}: " in said or not at
    assert not list(own.parent.glob("data/decoded/*"))


def test_a_file_alone_names_none(own: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"name the function or the Dataset in it, as in data\.py"
    ):
        DATASETS.resolve("data.py")
    with pytest.raises(
        ConfigError, match=r"data\.py:Items:how names nothing in a file: say path/to"
    ):
        dataset_facts("data.py:Items:how")


def test_random_transforms_are_frozen_and_that_is_said(own: Path) -> None:
    """Taken in once more they are the same: what draws is seeded."""
    name = "data.py:Items:how=flipped"
    first = load(name, image_size=8, channels=3)
    again = load(name, image_size=8, channels=3)
    with pytest.raises(ConfigError, match=r"has no test split: use train\."):
        load(name, split="test")
    assert image_count(name, "train", 0.1) == 270
    assert any(note.startswith("Its random transforms are frozen") for note in first.notes)
    plain = load("data.py:Items:how=pil", image_size=8, channels=3)
    assert not any("frozen" in note for note in plain.notes)
    for kept in own.parent.glob("data/decoded/*"):
        kept.unlink()
    anew = load(name, image_size=8, channels=3)
    assert first.crc32 == again.crc32 == anew.crc32 != plain.crc32


def test_they_are_taken_in_once_by_the_code_and_its_arguments(own: Path) -> None:
    """With progress; the copy that a run holds stands for what was edited since."""
    told: list[tuple[str, int, int | None]] = []
    name = "data.py:Items"

    def path(named: str = name) -> str:
        return DATASETS.resolve(named).path

    token = TOLD.set(lambda what, done, total, unit: told.append((what, done, total)))
    first = path()
    assert told[-1] == ("taking in Items", 300, 300)
    told.clear()
    assert path() == first
    assert not told
    TOLD.reset(token)
    assert path("data.py:Items:how=alone") != first
    own.write_text(SOURCE.replace("/ 255", "/ 510"))
    assert path() != first
    use_copies({own: Copy(own.parent, own, {own: SOURCE.encode()})})
    try:
        assert path() == first
        own.unlink()
        assert path() == first
        Path(first).unlink()
        assert load(name, image_size=8, channels=3).images.max() == 255
    finally:
        use_copies({})
    assert anchored(name) == f"{own}:Items"
    assert DATASETS.knows(f"{own}:Items"), "by its full path as well"
