"""The upsampling generator, its discriminator and the WGAN-GP critic are systems 6 and 7."""

from __future__ import annotations

import torch

from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.spec import DiscriminatorSpec, GeneratorSpec
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import layers_of

GENERATOR = [
    ("Linear 6272", (128 * 7 * 7,)),
    ("BN", (128, 7, 7)),
    ("nearest x2", (128, 14, 14)),
    ("Conv 128 k3 s1 p1", (128, 14, 14)),
    ("BN", (128, 14, 14)),
    ("ReLU", (128, 14, 14)),
    ("nearest x2", (128, 28, 28)),
    ("Conv 64 k3 s1 p1", (64, 28, 28)),
    ("BN", (64, 28, 28)),
    ("ReLU", (64, 28, 28)),
    ("Conv 1 k3 s1 p1", (1, 28, 28)),
    ("tanh", (1, 28, 28)),
]

DISCRIMINATOR = [
    ("Conv 16 k3 s2 p1", (16, 14, 14)),
    ("LeakyReLU 0.2", (16, 14, 14)),
    ("Dropout2d 0.25", (16, 14, 14)),
    ("Conv 32 k3 s2 p1", (32, 7, 7)),
    ("LeakyReLU 0.2", (32, 7, 7)),
    ("Dropout2d 0.25", (32, 7, 7)),
    ("BN", (32, 7, 7)),
    ("Conv 64 k3 s2 p1", (64, 4, 4)),
    ("LeakyReLU 0.2", (64, 4, 4)),
    ("Dropout2d 0.25", (64, 4, 4)),
    ("BN", (64, 4, 4)),
    ("Conv 128 k3 s2 p1", (128, 2, 2)),
    ("LeakyReLU 0.2", (128, 2, 2)),
    ("Dropout2d 0.25", (128, 2, 2)),
    ("BN", (128, 2, 2)),
    ("Linear 1", (1,)),
]


def test_generator_is_the_table() -> None:
    network = build_generator("upsample", GeneratorSpec(z_dim=100, data=DataSpec.image(28, 1)))
    assert layers_of(network, torch.randn(2, 100)) == GENERATOR
    assert count_parameters(network) == 856_065


def test_discriminator_is_the_table() -> None:
    network = build_discriminator("upsample", DiscriminatorSpec(data=DataSpec.image(28, 1)))
    assert layers_of(network, torch.randn(2, 1, 28, 28)) == DISCRIMINATOR
    assert network(torch.randn(2, 1, 28, 28)).shape == (2,)
    assert count_parameters(network) == 98_113


def test_critic_is_the_discriminator_without_batch_norm() -> None:
    network = build_discriminator(
        "upsample", DiscriminatorSpec(data=DataSpec.image(28, 1), norm="none")
    )
    table = [row for row in DISCRIMINATOR if row[0] != "BN"]
    assert layers_of(network, torch.randn(2, 1, 28, 28)) == table
    assert count_parameters(network) == 97_665
