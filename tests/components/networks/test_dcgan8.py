"""The 8x8 networks are those of system 5, layer by layer."""

from __future__ import annotations

import torch

from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.spec import DiscriminatorSpec, GeneratorSpec
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import layers_of

GENERATOR = [
    ("ConvT 64 k3 s1 p0", (64, 3, 3)),
    ("ReLU", (64, 3, 3)),
    ("ConvT 32 k3 s1 p0", (32, 5, 5)),
    ("ReLU", (32, 5, 5)),
    ("ConvT 1 k4 s1 p0", (1, 8, 8)),
    ("tanh", (1, 8, 8)),
]

DISCRIMINATOR = [
    ("Conv 16 k4 s1 p0", (16, 5, 5)),
    ("LeakyReLU 0.2", (16, 5, 5)),
    ("Conv 32 k3 s1 p0", (32, 3, 3)),
    ("LeakyReLU 0.2", (32, 3, 3)),
    ("Conv 1 k3 s1 p0", (1, 1, 1)),
]


def test_generator_is_the_table() -> None:
    network = build_generator("dcgan-8x8", GeneratorSpec(z_dim=64, data=DataSpec.image(8, 1)))
    assert layers_of(network, torch.randn(2, 64)) == GENERATOR
    assert count_parameters(network) == 55_905


def test_discriminator_is_the_table() -> None:
    network = build_discriminator("dcgan-8x8", DiscriminatorSpec(data=DataSpec.image(8, 1)))
    assert layers_of(network, torch.randn(2, 1, 8, 8)) == DISCRIMINATOR
    assert network(torch.randn(2, 1, 8, 8)).shape == (2,)
    assert count_parameters(network) == 5_201
