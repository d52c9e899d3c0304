"""Holds which images are picked, and the figures a dataset is summed up in."""

import json

import pytest
import torch

from ganterm.core.errors import ConfigError
from ganterm.data import ImageSet, load
from ganterm.data.sampling import describe, pick

SET = ImageSet(
    torch.arange(4 * 4, dtype=torch.uint8).reshape(4, 1, 2, 2),
    torch.tensor([0, 1, 0, 1]),
    name="tiny",
    classes=("ant", "bee", "7"),
)


def test_the_same_seed_picks_the_same_images() -> None:
    digits = load("digits")
    first = pick(digits, 16, seed=3)
    assert first == pick(digits, 16, seed=3)
    assert first != pick(digits, 16, seed=4)
    assert len(set(first)) == 16


def test_more_than_there_are_gives_all() -> None:
    assert sorted(pick(SET, 100, seed=0)) == [0, 1, 2, 3]


@pytest.mark.parametrize(("only", "indices"), [("bee", [1, 3]), ("0", [0, 2])])
def test_a_class_by_name_or_number(only: str, indices: list[int]) -> None:
    assert sorted(pick(SET, 9, seed=0, only=only)) == indices


@pytest.mark.parametrize(
    ("only", "words"),
    [("cat", "its classes are ant, bee, 7"), ("3", "no class '3'"), ("-1", "no class '-1'")],
)
def test_classes_that_are_not_there(only: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        pick(SET, 1, seed=0, only=only)


def test_a_class_without_images_and_a_set_without_classes() -> None:
    with pytest.raises(ConfigError, match="no images of class '7'"):
        pick(SET, 1, seed=0, only="7")
    with pytest.raises(ConfigError, match="has no classes"):
        pick(ImageSet(SET.images, None, name="plain"), 1, seed=0, only="0")


def test_figures_are_those_of_the_pixels() -> None:
    described = describe(SET, [2, 3], split="train")
    scaled = SET.images.float() / 255
    assert described["mean"] == pytest.approx(scaled.mean().item())
    assert described["std"] == pytest.approx(scaled.std(correction=0).item())
    assert described["classes"] == [
        {"name": "ant", "count": 2},
        {"name": "bee", "count": 2},
        {"name": "7", "count": 0},
    ]
    assert described["shown"] == [{"index": 2, "label": 0}, {"index": 3, "label": 1}]
    json.dumps(described)


def test_figures_without_labels() -> None:
    described = describe(ImageSet(SET.images, None, name="plain"), [1], split="train")
    assert described["classes"] == []
    assert described["shown"] == [{"index": 1, "label": None}]
