"""Weights begin as the scheme says, spectrally normalised layers included."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganterm.components.networks.facts import DiscriminatorSpec, GeneratorSpec
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.weights import init_weights, raw_weight
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError
from tests.components.networks.singular_values import largest_singular_values


def test_default_leaves_what_torch_drew() -> None:
    network = build_generator(
        "dcgan", GeneratorSpec(z_dim=10, data=DataSpec.image(8, 1), width=0.1)
    )
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert init_weights(network, "default") is network
    assert all(tensor.equal(before[name]) for name, tensor in network.state_dict().items())


def test_normal_draws_weights_and_scales_with_a_spread_of_two_hundredths() -> None:
    torch.manual_seed(0)
    network = build_generator("dcgan", GeneratorSpec(z_dim=100, data=DataSpec.image(28, 1)))
    assert init_weights(network, "normal") is network
    scales = []
    for layer in network.modules():
        if isinstance(layer, (nn.Linear, nn.ConvTranspose2d)):
            assert layer.weight.mean().item() == pytest.approx(0, abs=3e-3)
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1)
            assert layer.bias is not None
            assert not layer.bias.any()
        elif isinstance(layer, nn.BatchNorm2d):
            assert not layer.bias.any()
            scales.append(layer.weight.detach())
    together = torch.cat(scales)
    assert together.mean().item() == pytest.approx(1, abs=0.01)
    assert together.std().item() == pytest.approx(0.02, rel=0.2)


def test_normal_reaches_through_spectral_normalisation_and_settles_it() -> None:
    torch.manual_seed(0)
    network = build_discriminator(
        "sngan", DiscriminatorSpec(data=DataSpec.image(16, 1), width=0.25, spectral_norm=True)
    )
    init_weights(network, "normal")
    assert isinstance(network.head, nn.Linear)
    raw = torch.cat(
        [
            raw_weight(layer).flatten()
            for layer in network.body.modules()
            if isinstance(layer, nn.Conv2d)
        ]
    )
    assert raw.std().item() == pytest.approx(0.02, rel=0.05)
    values = largest_singular_values(network)
    assert values == pytest.approx(dict.fromkeys(values, 1.0), abs=0.1)


def test_another_scheme_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="init 'xavier' is unknown; choose one of default, norm"):
        init_weights(nn.Linear(1, 1), "xavier")
