"""Every classic network is the published one, layer by layer (systems 1 to 8)."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from ganterm.components.networks import DISCRIMINATORS, GENERATORS
from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.facts import DiscriminatorSpec, GeneratorSpec
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import Row, layers_of

GENERATOR_TABLES = {
    "mlp": (
        1_489_424,
        """
        Linear 256 -> 256, LeakyReLU 0.2
        Linear 512 -> 512, BN eps 0.8, LeakyReLU 0.2
        Linear 1024 -> 1024, BN eps 0.8, LeakyReLU 0.2
        Linear 784 -> 784, tanh
        """,
    ),
    "mlp-small": (
        581_264,
        """
        Linear 128 -> 128, LeakyReLU 0.2
        Linear 256 -> 256, BN, LeakyReLU 0.2
        Linear 512 -> 512, BN, LeakyReLU 0.2
        Linear 784 -> 784, tanh
        """,
    ),
    "compact": (
        179_761,
        """
        Linear 1568 -> 1568
        ConvT 32 k4 s2 p1 -> 32 14 14, BN, LeakyReLU 0.01
        Conv 16 k3 s1 p1 -> 16 14 14, BN, LeakyReLU 0.01
        ConvT 1 k4 s2 p1 -> 1 28 28, tanh
        """,
    ),
    "dcgan": (
        1_636_737,
        """
        Linear 12544 -> 12544
        ConvT 128 k3 s2 p1 op1 -> 128 14 14, BN, LeakyReLU 0.01
        ConvT 64 k3 s1 p1 -> 64 14 14, BN, LeakyReLU 0.01
        ConvT 1 k3 s2 p1 op1 -> 1 28 28, tanh
        """,
    ),
    "dcgan-resize": (
        1_636_737,
        """
        Linear 12544 -> 12544
        bilinear x2 -> 256 14 14
        Conv 128 k3 s1 p1 -> 128 14 14, BN, LeakyReLU 0.01
        ConvT 64 k3 s1 p1 -> 64 14 14, BN, LeakyReLU 0.01
        bilinear x2 -> 64 28 28
        Conv 1 k3 s1 p1 -> 1 28 28, tanh
        """,
    ),
    "dcgan-64": (
        3_574_656,
        """
        ConvT 512 k4 s1 p0 no bias -> 512 4 4, BN, ReLU
        ConvT 256 k4 s2 p1 no bias -> 256 8 8, BN, ReLU
        ConvT 128 k4 s2 p1 no bias -> 128 16 16, BN, ReLU
        ConvT 64 k4 s2 p1 no bias -> 64 32 32, BN, ReLU
        ConvT 1 k4 s2 p1 no bias -> 1 64 64, tanh
        """,
    ),
    "dcgan-8x8": (
        55_905,
        """
        ConvT 64 k3 s1 p0 -> 64 3 3, ReLU
        ConvT 32 k3 s1 p0 -> 32 5 5, ReLU
        ConvT 1 k4 s1 p0 -> 1 8 8, tanh
        """,
    ),
    "upsample": (
        856_065,
        """
        Linear 6272 -> 6272
        BN -> 128 7 7
        nearest x2 -> 128 14 14
        Conv 128 k3 s1 p1 -> 128 14 14, BN, ReLU
        nearest x2 -> 128 28 28
        Conv 64 k3 s1 p1 -> 64 28 28, BN, ReLU
        Conv 1 k3 s1 p1 -> 1 28 28, tanh
        """,
    ),
}
DISCRIMINATOR_TABLES = {
    "mlp": (
        533_505,
        """
        Linear 512 -> 512, LeakyReLU 0.2
        Linear 256 -> 256, LeakyReLU 0.2
        Linear 1 -> 1
        """,
    ),
    "compact": (
        24_321,
        """
        Conv 16 k3 s2 p1 -> 16 14 14, LeakyReLU 0.01
        Conv 32 k3 s2 p1 -> 32 7 7, LeakyReLU 0.01
        Conv 64 k3 s2 p1 -> 64 4 4, LeakyReLU 0.01
        Linear 1 -> 1
        """,
    ),
    "dcgan": (
        95_105,
        """
        Conv 32 k3 s2 p1 -> 32 14 14, LeakyReLU 0.01
        Conv 64 k3 s2 p1 -> 64 7 7, BN, LeakyReLU 0.01
        Conv 128 k3 s2 p1 -> 128 4 4, BN, LeakyReLU 0.01
        Linear 1 -> 1
        """,
    ),
    "dcgan-64": (
        2_763_520,
        """
        Conv 64 k4 s2 p1 no bias -> 64 32 32, LeakyReLU 0.2
        Conv 128 k4 s2 p1 no bias -> 128 16 16, BN, LeakyReLU 0.2
        Conv 256 k4 s2 p1 no bias -> 256 8 8, BN, LeakyReLU 0.2
        Conv 512 k4 s2 p1 no bias -> 512 4 4, BN, LeakyReLU 0.2
        Conv 1 k4 s1 p0 no bias -> 1 1 1
        """,
    ),
    "dcgan-8x8": (
        5_201,
        """
        Conv 16 k4 s1 p0 -> 16 5 5, LeakyReLU 0.2
        Conv 32 k3 s1 p0 -> 32 3 3, LeakyReLU 0.2
        Conv 1 k3 s1 p0 -> 1 1 1
        """,
    ),
    "upsample": (
        98_113,
        """
        Conv 16 k3 s2 p1 -> 16 14 14, LeakyReLU 0.2, Dropout2d 0.25
        Conv 32 k3 s2 p1 -> 32 7 7, LeakyReLU 0.2, Dropout2d 0.25, BN
        Conv 64 k3 s2 p1 -> 64 4 4, LeakyReLU 0.2, Dropout2d 0.25, BN
        Conv 128 k3 s2 p1 -> 128 2 2, LeakyReLU 0.2, Dropout2d 0.25, BN
        Linear 1 -> 1
        """,
    ),
    "sngan": (
        2_755_009,
        """
        Conv 64 k4 s2 p1 -> 64 14 14, LeakyReLU 0.2
        Conv 128 k4 s2 p1 -> 128 7 7, LeakyReLU 0.2
        Conv 256 k4 s2 p1 -> 256 3 3, LeakyReLU 0.2
        Conv 512 k4 s2 p1 -> 512 1 1, LeakyReLU 0.2
        Linear 1 -> 1
        """,
    ),
}
"""By name the parameters, and the layers with their shapes, which those after a comma keep."""
WIDTHS = {16: [128, 64], 32: [256, 128, 64], 128: [1024, 512, 256, 128, 64]}


def rows_in(table: str) -> list[Row]:
    found = []
    for line in table.split("\n"):
        words, _, rest = line.strip().partition(" -> ")
        shape, *others = rest.split(", ")
        found += [(each, tuple(map(int, shape.split()))) for each in (words, *others) if each]
    return found


@pytest.mark.parametrize("name", GENERATOR_TABLES)
def test_generator_is_the_table(name: str) -> None:
    facts = GENERATORS.facts(name)
    data = DataSpec.image(facts.published_size, 1)
    parameters, table = GENERATOR_TABLES[name]
    network = build_generator(name, GeneratorSpec(z_dim=facts.z_dim, data=data))
    assert layers_of(network, torch.randn(2, facts.z_dim)) == rows_in(table)
    assert network(torch.randn(2, facts.z_dim)).shape == (2, *data.shape)
    assert count_parameters(network) == parameters


@pytest.mark.parametrize("name", DISCRIMINATOR_TABLES)
def test_discriminator_is_the_table(name: str) -> None:
    data = DataSpec.image(DISCRIMINATORS.facts(name).published_size, 1)
    parameters, table = DISCRIMINATOR_TABLES[name]
    spec = DiscriminatorSpec(data=data, spectral_norm=name == "sngan")
    network = build_discriminator(name, spec)
    assert layers_of(network, torch.randn(2, *data.shape)) == rows_in(table)
    assert network(torch.randn(2, *data.shape)).shape == (2,)
    assert count_parameters(network) == parameters


def test_critic_is_the_discriminator_of_upsample_without_batch_norm() -> None:
    spec = DiscriminatorSpec(data=DataSpec.image(28, 1), norm="none")
    network = build_discriminator("upsample", spec)
    table = [row for row in rows_in(DISCRIMINATOR_TABLES["upsample"][1]) if row[0] != "BN"]
    assert layers_of(network, torch.randn(2, 1, 28, 28)) == table
    assert count_parameters(network) == 97_665


def test_every_stage_but_the_first_of_compact_can_be_normalised() -> None:
    spec = DiscriminatorSpec(data=DataSpec.image(28, 1), norm="batch")
    rows = layers_of(build_discriminator("compact", spec), torch.randn(2, 1, 28, 28))
    assert [at for at, (words, _) in enumerate(rows) if words == "BN"] == [3, 6]


@pytest.mark.parametrize("size", WIDTHS)
def test_other_sizes_keep_four_by_four_inside_and_64_channels_outside(size: int) -> None:
    data = DataSpec.image(size, 3)
    with torch.device("meta"):
        generator = build_generator("dcgan-64", GeneratorSpec(z_dim=100, data=data))
        discriminator = build_discriminator("dcgan-64", DiscriminatorSpec(data=data))
        up = layers_of(generator, torch.empty(2, 100))
        down = layers_of(discriminator, torch.empty(2, 3, size, size))
    sides = [size // 2**step for step in range(1, len(WIDTHS[size]) + 1)]
    wanted = list(zip(WIDTHS[size], reversed(sides), strict=True))
    assert [shape[:2] for words, shape in up if words == "ReLU"] == wanted
    assert [shape[:2] for words, shape in down if words == "LeakyReLU 0.2"] == wanted[::-1]


def test_without_batch_norm_the_hidden_layers_of_dcgan_64_have_a_bias_instead() -> None:
    spec = GeneratorSpec(z_dim=10, data=DataSpec.image(16, 1), norm="none")
    rows = layers_of(build_generator("dcgan-64", spec), torch.randn(1, 10))
    assert [words for words, _ in rows] == [
        *("ConvT 128 k4 s1 p0", "ReLU", "ConvT 64 k4 s2 p1", "ReLU"),
        *("ConvT 1 k4 s2 p1 no bias", "tanh"),
    ]


def test_every_layer_of_sngan_is_spectrally_normalised_when_asked() -> None:
    spec = DiscriminatorSpec(data=DataSpec.image(16, 1), width=0.1, spectral_norm=True)
    network = build_discriminator("sngan", spec)
    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    assert len(layers) == 5
    assert all(parametrize.is_parametrized(layer, "weight") for layer in layers)
