"""The spectrally normalised discriminator is that of system 8, layer by layer."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils import parametrize

from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.from_config import build_discriminator
from ganterm.components.networks.spec import DiscriminatorSpec
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import layers_of

DISCRIMINATOR = [
    ("Conv 64 k4 s2 p1", (64, 14, 14)),
    ("LeakyReLU 0.2", (64, 14, 14)),
    ("Conv 128 k4 s2 p1", (128, 7, 7)),
    ("LeakyReLU 0.2", (128, 7, 7)),
    ("Conv 256 k4 s2 p1", (256, 3, 3)),
    ("LeakyReLU 0.2", (256, 3, 3)),
    ("Conv 512 k4 s2 p1", (512, 1, 1)),
    ("LeakyReLU 0.2", (512, 1, 1)),
    ("Linear 1", (1,)),
]


def test_discriminator_is_the_table() -> None:
    network = build_discriminator(
        "sngan", DiscriminatorSpec(data=DataSpec.image(28, 1), spectral_norm=True)
    )
    assert layers_of(network, torch.randn(2, 1, 28, 28)) == DISCRIMINATOR
    assert network(torch.randn(2, 1, 28, 28)).shape == (2,)
    assert count_parameters(network) == 2_755_009


def test_every_layer_is_spectrally_normalised_when_asked() -> None:
    network = build_discriminator(
        "sngan", DiscriminatorSpec(data=DataSpec.image(16, 1), width=0.1, spectral_norm=True)
    )
    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    assert len(layers) == 5
    assert all(parametrize.is_parametrized(layer, "weight") for layer in layers)
