"""What architectures say of themselves agrees with their rules, and widths are scaled so."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from ganterm.components.networks import DISCRIMINATORS, GENERATORS, ImageSizes
from ganterm.components.networks.blocks import has_batch_norm, scaled, strided_side
from ganterm.components.networks.facts import Norm
from ganterm.core.registry import Registry


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
        (
            ImageSizes(doublings=2),
            "needs sides that halve evenly to 4 to 7 pixels, such as 16, 28 or 48x64",
            [16, 28, 48, 512],
            [8, 14, 15, 36, 100],
        ),
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


@pytest.mark.parametrize("table", [GENERATORS, DISCRIMINATORS], ids=lambda table: table.kind)
def test_every_network_supports_its_published_size_and_says_what_it_is(
    table: Registry[Any, Any],
) -> None:
    for name in table.names:
        facts = table.facts(name)
        assert facts.published_size in facts.image_sizes, name
        assert facts.help.endswith("."), name
        assert len(facts.help) <= 80, name


def test_latent_sizes_are_the_published_ones() -> None:
    lengths = {name: GENERATORS.facts(name).z_dim for name in GENERATORS.names}
    others = {name: z_dim for name, z_dim in lengths.items() if z_dim != 100}
    assert others == {"dcgan-8x8": 64, "stylegan": 64, "r3gan": 64, "biggan": 128}


@pytest.mark.parametrize(
    ("channels", "width", "wanted"), [(64, 1.0, 64), (64, 0.5, 32), (3, 0.5, 2), (64, 0.001, 1)]
)
def test_width_multiplies_rounds_and_leaves_one(channels: int, width: float, wanted: int) -> None:
    assert scaled(channels, width) == wanted


@pytest.mark.parametrize(
    ("norm", "published", "wanted"),
    [("auto", True, True), ("auto", False, False), ("batch", False, True), ("none", True, False)],
)
def test_auto_norm_is_the_published_one(norm: Norm, published: bool, wanted: bool) -> None:
    assert has_batch_norm(norm, published=published) is wanted


@pytest.mark.parametrize(("kernel", "side"), [(3, 7), (3, 8), (4, 7), (4, 8)])
def test_strided_side_is_what_a_convolution_gives(kernel: int, side: int) -> None:
    output = nn.Conv2d(1, 1, kernel, stride=2, padding=1)(torch.zeros(1, 1, side, side))
    assert output.shape[-1] == strided_side(side, kernel=kernel, stride=2, padding=1)
