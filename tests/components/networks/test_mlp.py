"""The fully connected networks are those of systems 1 and 2, layer by layer."""

from __future__ import annotations

import torch

from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.spec import DiscriminatorSpec, GeneratorSpec
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import layers_of

GENERATOR = [
    ("Linear 256", (256,)),
    ("LeakyReLU 0.2", (256,)),
    ("Linear 512", (512,)),
    ("BN eps 0.8", (512,)),
    ("LeakyReLU 0.2", (512,)),
    ("Linear 1024", (1024,)),
    ("BN eps 0.8", (1024,)),
    ("LeakyReLU 0.2", (1024,)),
    ("Linear 784", (784,)),
    ("tanh", (784,)),
]

SMALL_GENERATOR = [
    ("Linear 128", (128,)),
    ("LeakyReLU 0.2", (128,)),
    ("Linear 256", (256,)),
    ("BN", (256,)),
    ("LeakyReLU 0.2", (256,)),
    ("Linear 512", (512,)),
    ("BN", (512,)),
    ("LeakyReLU 0.2", (512,)),
    ("Linear 784", (784,)),
    ("tanh", (784,)),
]

DISCRIMINATOR = [
    ("Linear 512", (512,)),
    ("LeakyReLU 0.2", (512,)),
    ("Linear 256", (256,)),
    ("LeakyReLU 0.2", (256,)),
    ("Linear 1", (1,)),
]


def test_generator_is_the_table() -> None:
    network = build_generator("mlp", GeneratorSpec(z_dim=100, data=DataSpec.image(28, 1)))
    assert layers_of(network, torch.randn(2, 100)) == GENERATOR
    assert network(torch.randn(2, 100)).shape == (2, 1, 28, 28)
    assert count_parameters(network) == 1_489_424


def test_small_generator_is_the_table() -> None:
    network = build_generator("mlp-small", GeneratorSpec(z_dim=100, data=DataSpec.image(28, 1)))
    assert layers_of(network, torch.randn(2, 100)) == SMALL_GENERATOR
    assert network(torch.randn(2, 100)).shape == (2, 1, 28, 28)
    assert count_parameters(network) == 581_264


def test_discriminator_is_the_table() -> None:
    network = build_discriminator("mlp", DiscriminatorSpec(data=DataSpec.image(28, 1)))
    assert layers_of(network, torch.randn(2, 1, 28, 28)) == DISCRIMINATOR
    assert network(torch.randn(2, 1, 28, 28)).shape == (2,)
    assert count_parameters(network) == 533_505
