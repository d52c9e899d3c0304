"""The 28x28 convolutional networks are those of system 3 and its variant, layer by layer."""

from __future__ import annotations

import torch

from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.spec import DiscriminatorSpec, GeneratorSpec
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import layers_of

GENERATOR = [
    ("Linear 12544", (256 * 7 * 7,)),
    ("ConvT 128 k3 s2 p1 op1", (128, 14, 14)),
    ("BN", (128, 14, 14)),
    ("LeakyReLU 0.01", (128, 14, 14)),
    ("ConvT 64 k3 s1 p1", (64, 14, 14)),
    ("BN", (64, 14, 14)),
    ("LeakyReLU 0.01", (64, 14, 14)),
    ("ConvT 1 k3 s2 p1 op1", (1, 28, 28)),
    ("tanh", (1, 28, 28)),
]

RESIZE_GENERATOR = [
    ("Linear 12544", (256 * 7 * 7,)),
    ("bilinear x2", (256, 14, 14)),
    ("Conv 128 k3 s1 p1", (128, 14, 14)),
    ("BN", (128, 14, 14)),
    ("LeakyReLU 0.01", (128, 14, 14)),
    ("ConvT 64 k3 s1 p1", (64, 14, 14)),
    ("BN", (64, 14, 14)),
    ("LeakyReLU 0.01", (64, 14, 14)),
    ("bilinear x2", (64, 28, 28)),
    ("Conv 1 k3 s1 p1", (1, 28, 28)),
    ("tanh", (1, 28, 28)),
]

DISCRIMINATOR = [
    ("Conv 32 k3 s2 p1", (32, 14, 14)),
    ("LeakyReLU 0.01", (32, 14, 14)),
    ("Conv 64 k3 s2 p1", (64, 7, 7)),
    ("BN", (64, 7, 7)),
    ("LeakyReLU 0.01", (64, 7, 7)),
    ("Conv 128 k3 s2 p1", (128, 4, 4)),
    ("BN", (128, 4, 4)),
    ("LeakyReLU 0.01", (128, 4, 4)),
    ("Linear 1", (1,)),
]


def test_generator_is_the_table() -> None:
    network = build_generator("dcgan", GeneratorSpec(z_dim=100, data=DataSpec.image(28, 1)))
    assert layers_of(network, torch.randn(2, 100)) == GENERATOR
    assert count_parameters(network) == 1_636_737


def test_resize_generator_replaces_each_strided_transposed_convolution() -> None:
    network = build_generator("dcgan-resize", GeneratorSpec(z_dim=100, data=DataSpec.image(28, 1)))
    assert layers_of(network, torch.randn(2, 100)) == RESIZE_GENERATOR
    assert count_parameters(network) == 1_636_737


def test_discriminator_is_the_table() -> None:
    network = build_discriminator("dcgan", DiscriminatorSpec(data=DataSpec.image(28, 1)))
    assert layers_of(network, torch.randn(2, 1, 28, 28)) == DISCRIMINATOR
    assert network(torch.randn(2, 1, 28, 28)).shape == (2,)
    assert count_parameters(network) == 95_105
