"""Widths are scaled, sides are counted and norms are chosen as the families rely on."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganterm.components.networks.blocks import Norm, has_batch_norm, scaled, strided_side


@pytest.mark.parametrize(
    ("channels", "width", "wanted"), [(64, 1.0, 64), (64, 0.5, 32), (3, 0.5, 2), (64, 0.001, 1)]
)
def test_width_multiplies_rounds_and_leaves_one(channels: int, width: float, wanted: int) -> None:
    assert scaled(channels, width) == wanted


@pytest.mark.parametrize(
    ("norm", "published", "wanted"),
    [
        ("auto", True, True),
        ("auto", False, False),
        ("batch", False, True),
        ("none", True, False),
    ],
)
def test_auto_norm_is_the_published_one(norm: Norm, published: bool, wanted: bool) -> None:
    assert has_batch_norm(norm, published=published) is wanted


@pytest.mark.parametrize(("kernel", "side"), [(3, 7), (3, 8), (4, 7), (4, 8)])
def test_strided_side_is_what_a_convolution_gives(kernel: int, side: int) -> None:
    output = nn.Conv2d(1, 1, kernel, stride=2, padding=1)(torch.zeros(1, 1, side, side))
    assert output.shape[-1] == strided_side(side, kernel=kernel, stride=2, padding=1)
