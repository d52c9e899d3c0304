"""The facts of the architectures need no torch, and their words agree with their rules."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ganterm.architectures import DISCRIMINATORS, GENERATORS, ImageSizes


def test_reading_the_facts_never_imports_torch() -> None:
    code = "import sys, ganterm.architectures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("sizes", "words", "inside", "outside"),
    [
        (ImageSizes(), "needs at least 1", [1, 2, 999], [0, -1]),
        (ImageSizes(minimum=16), "needs at least 16", [16, 17], [15]),
        (
            ImageSizes(minimum=8, multiple=4),
            "needs a multiple of 4, at least 8",
            [8, 12, 28],
            [4, 0, 10, 27],
        ),
        (ImageSizes(only=(8,)), "needs exactly 8", [8], [7, 16]),
        (ImageSizes(only=(16, 32, 64)), "needs 16, 32 or 64", [16, 32, 64], [8, 48, 128]),
    ],
)
def test_words_say_what_the_rule_holds(
    sizes: ImageSizes, words: str, inside: list[int], outside: list[int]
) -> None:
    assert sizes.words == words
    assert all(size in sizes for size in inside)
    assert all(size not in sizes for size in outside)
    assert "28" not in sizes, "a size is a number"


@pytest.mark.parametrize(
    "table", [GENERATORS, DISCRIMINATORS], ids=["generators", "discriminators"]
)
def test_every_architecture_supports_its_published_size_and_says_what_it_is(table: object) -> None:
    assert isinstance(table, type(GENERATORS))
    for name, facts in table.items():
        assert facts.supports_image_size(facts.published_size), name
        assert facts.summary.endswith("."), name
        assert len(facts.summary) <= 80, name


def test_latent_sizes_are_the_published_ones() -> None:
    others = {name: facts.z_dim for name, facts in GENERATORS.items() if facts.z_dim != 100}
    assert others == {"dcgan-8x8": 64, "stylegan": 64}
