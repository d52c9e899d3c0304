"""What all commands that draw from a generator share: the class that a conditional one makes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganterm.core.errors import ExitCode
from ganterm.runs.layout import RunDir
from tests.cli.checkpointed import untrained
from tests.cli.invoke import invoke
from tests.close import assert_same_images

NAMES = ("circle", "square", "star")
COMMANDS = (("interpolate", "--steps", 3), ("explore", "--dimension", 2, "--steps", 3))


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """Give a conditional generator of three classes."""
    return untrained(tmp_path, "dcgan-8x8", classes=NAMES, image_size=8)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_a_walk_stays_in_one_class(
    shapes: Path, tmp_path: Path, command: tuple[object, ...]
) -> None:
    """In the first unless another is named; what is said tells which."""
    name, *options = command

    def made(*chosen: object) -> tuple[list[object], str]:
        outcome = invoke(name, shapes, *options, *chosen, "-o", tmp_path / "made.npy")
        assert outcome.code == 0, outcome.said
        images: list[object] = np.load(tmp_path / "made.npy").tolist()
        return images, outcome.said

    first, said = made()
    assert ", class circle" in said
    assert made("--class", "circle")[0] == made("--class", 0)[0] == first
    star, said = made("--class", "star")
    assert star != first
    assert ", class star" in said


def test_a_walk_ends_at_the_sample_of_its_class(shapes: Path, tmp_path: Path) -> None:
    invoke(
        "interpolate",
        shapes,
        "--class",
        "star",
        "--seed",
        3,
        "--seed",
        4,
        "-o",
        tmp_path / "walk.npy",
    )
    invoke("sample", shapes, "--class", "star", "--seed", 3, "-o", tmp_path / "sample.npy")
    walk, samples = np.load(tmp_path / "walk.npy"), np.load(tmp_path / "sample.npy")
    assert_same_images(walk[0], samples[0])


def test_an_image_is_looked_for_in_all_classes_or_in_one(shapes: Path, tmp_path: Path) -> None:
    """The table and the JSON tell in which it was found; a class that is named is no news."""
    picture = tmp_path / "picture.png"
    Image.new("L", (8, 8), 90).save(picture)
    quick = ("project", shapes, picture, "--search-steps", 3, "--starts", 2)
    outcome = invoke(*quick)
    assert outcome.code == 0, outcome.said
    assert outcome.text.splitlines()[0].split() == ["IMAGE", "ERROR", "CLASS"]
    (found,) = json.loads(invoke(*quick, "--json").data)["images"]
    assert found["class"] in NAMES
    named = invoke(*quick, "--class", "square")
    assert named.text.splitlines()[0].split() == ["IMAGE", "ERROR"]
    assert ", class square" in named.said


@pytest.mark.parametrize("command", [*COMMANDS, ("project", "picture.png")], ids=lambda c: c[0])
def test_a_bad_class_is_one_sentence(
    shapes: Path, trained: RunDir, command: tuple[object, ...]
) -> None:
    name, *options = command
    for target, words in ((shapes, "there are circle, square, star."), (trained.path, "labels")):
        outcome = invoke(name, target, *options, "--class", "ring")
        assert (outcome.code, outcome.data) == (ExitCode.USAGE, b"")
        assert words in outcome.said
