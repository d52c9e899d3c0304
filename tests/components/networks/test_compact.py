"""The networks of recipe turbo, layer by layer."""

from __future__ import annotations

import torch

from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.spec import DiscriminatorSpec, GeneratorSpec
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import layers_of

GENERATOR = [
    ("Linear 1568", (32 * 7 * 7,)),
    ("ConvT 32 k4 s2 p1", (32, 14, 14)),
    ("BN", (32, 14, 14)),
    ("LeakyReLU 0.01", (32, 14, 14)),
    ("Conv 16 k3 s1 p1", (16, 14, 14)),
    ("BN", (16, 14, 14)),
    ("LeakyReLU 0.01", (16, 14, 14)),
    ("ConvT 1 k4 s2 p1", (1, 28, 28)),
    ("tanh", (1, 28, 28)),
]

DISCRIMINATOR = [
    ("Conv 16 k3 s2 p1", (16, 14, 14)),
    ("LeakyReLU 0.01", (16, 14, 14)),
    ("Conv 32 k3 s2 p1", (32, 7, 7)),
    ("LeakyReLU 0.01", (32, 7, 7)),
    ("Conv 64 k3 s2 p1", (64, 4, 4)),
    ("LeakyReLU 0.01", (64, 4, 4)),
    ("Linear 1", (1,)),
]


def test_generator_is_the_table() -> None:
    network = build_generator("compact", GeneratorSpec(z_dim=100, data=DataSpec.image(28, 1)))
    assert layers_of(network, torch.randn(2, 100)) == GENERATOR
    assert count_parameters(network) == 179_761


def test_discriminator_is_the_table() -> None:
    network = build_discriminator("compact", DiscriminatorSpec(data=DataSpec.image(28, 1)))
    assert layers_of(network, torch.randn(2, 1, 28, 28)) == DISCRIMINATOR
    assert network(torch.randn(2, 1, 28, 28)).shape == (2,)
    assert count_parameters(network) == 24_321


def test_every_stage_but_the_first_can_be_normalised() -> None:
    spec = DiscriminatorSpec(data=DataSpec.image(28, 1), norm="batch")
    names = [
        name
        for name, _ in layers_of(build_discriminator("compact", spec), torch.randn(2, 1, 28, 28))
    ]
    assert [at for at, name in enumerate(names) if name == "BN"] == [3, 6]
