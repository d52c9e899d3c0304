"""The fully convolutional networks are those of system 4, and keep its rules at other sizes."""

from __future__ import annotations

import pytest
import torch

from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.spec import DiscriminatorSpec, GeneratorSpec
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import layers_of

GENERATOR = [
    ("ConvT 512 k4 s1 p0 no bias", (512, 4, 4)),
    ("BN", (512, 4, 4)),
    ("ReLU", (512, 4, 4)),
    ("ConvT 256 k4 s2 p1 no bias", (256, 8, 8)),
    ("BN", (256, 8, 8)),
    ("ReLU", (256, 8, 8)),
    ("ConvT 128 k4 s2 p1 no bias", (128, 16, 16)),
    ("BN", (128, 16, 16)),
    ("ReLU", (128, 16, 16)),
    ("ConvT 64 k4 s2 p1 no bias", (64, 32, 32)),
    ("BN", (64, 32, 32)),
    ("ReLU", (64, 32, 32)),
    ("ConvT 1 k4 s2 p1 no bias", (1, 64, 64)),
    ("tanh", (1, 64, 64)),
]

DISCRIMINATOR = [
    ("Conv 64 k4 s2 p1 no bias", (64, 32, 32)),
    ("LeakyReLU 0.2", (64, 32, 32)),
    ("Conv 128 k4 s2 p1 no bias", (128, 16, 16)),
    ("BN", (128, 16, 16)),
    ("LeakyReLU 0.2", (128, 16, 16)),
    ("Conv 256 k4 s2 p1 no bias", (256, 8, 8)),
    ("BN", (256, 8, 8)),
    ("LeakyReLU 0.2", (256, 8, 8)),
    ("Conv 512 k4 s2 p1 no bias", (512, 4, 4)),
    ("BN", (512, 4, 4)),
    ("LeakyReLU 0.2", (512, 4, 4)),
    ("Conv 1 k4 s1 p0 no bias", (1, 1, 1)),
]

WIDTHS = {16: [128, 64], 32: [256, 128, 64], 128: [1024, 512, 256, 128, 64]}


def test_generator_is_the_table() -> None:
    network = build_generator("dcgan-64", GeneratorSpec(z_dim=100, data=DataSpec.image(64, 1)))
    assert layers_of(network, torch.randn(2, 100)) == GENERATOR
    assert count_parameters(network) == 3_574_656


def test_discriminator_is_the_table() -> None:
    network = build_discriminator("dcgan-64", DiscriminatorSpec(data=DataSpec.image(64, 1)))
    assert layers_of(network, torch.randn(2, 1, 64, 64)) == DISCRIMINATOR
    assert network(torch.randn(2, 1, 64, 64)).shape == (2,)
    assert count_parameters(network) == 2_763_520


@pytest.mark.parametrize("size", WIDTHS)
def test_other_sizes_keep_four_by_four_inside_and_64_channels_outside(size: int) -> None:
    with torch.device("meta"):
        generator = build_generator(
            "dcgan-64", GeneratorSpec(z_dim=100, data=DataSpec.image(size, 3))
        )
        discriminator = build_discriminator(
            "dcgan-64", DiscriminatorSpec(data=DataSpec.image(size, 3))
        )
        up = layers_of(generator, torch.empty(2, 100))
        down = layers_of(discriminator, torch.empty(2, 3, size, size))
    sides = [size // 2**step for step in range(1, len(WIDTHS[size]) + 1)]
    wanted = list(zip(WIDTHS[size], reversed(sides), strict=True))
    assert [shape[:2] for words, shape in up if words == "ReLU"] == wanted
    assert [shape[:2] for words, shape in down if words == "LeakyReLU 0.2"] == wanted[::-1]


def test_without_batch_norm_the_hidden_layers_have_a_bias_instead() -> None:
    network = build_generator(
        "dcgan-64", GeneratorSpec(z_dim=10, data=DataSpec.image(16, 1), norm="none")
    )
    words = [words for words, _ in layers_of(network, torch.randn(1, 10))]
    assert words == [
        "ConvT 128 k4 s1 p0",
        "ReLU",
        "ConvT 64 k4 s2 p1",
        "ReLU",
        "ConvT 1 k4 s2 p1 no bias",
        "tanh",
    ]
