"""Weights begin as the scheme says; spectral normalisation holds each layer at 1 in training."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ganterm.components.networks import DISCRIMINATORS
from ganterm.components.networks.base import Discriminator, count_parameters
from ganterm.components.networks.facts import DiscriminatorSpec, GeneratorSpec
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.weights import (
    apply_spectral_norm,
    init_weights,
    largest_singular_values,
    raw_weight,
)
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError
from tests.quick import slow_unless


def _small(name: str) -> Discriminator:
    return build_discriminator(
        name,
        DiscriminatorSpec(
            data=DataSpec.image(DISCRIMINATORS.facts(name).published_size, 1),
            width=0.25,
            norm="none",
            spectral_norm=True,
            minibatch_discrimination=True,
        ),
    )


@pytest.mark.parametrize("name", slow_unless(lambda name: name != "r3gan", DISCRIMINATORS.names))
def test_every_layer_is_at_one_after_training(name: str) -> None:
    torch.manual_seed(0)
    network = _small(name)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
    size = DISCRIMINATORS.facts(name).published_size
    real, fake = torch.rand(4, 1, size, size), -torch.rand(4, 1, size, size)
    before = {layer: weight.clone() for layer, weight in network.named_parameters()}
    for _ in range(20):
        optimizer.zero_grad()
        (network(fake) - network(real)).mean().backward()
        optimizer.step()
    changed = [layer for layer, now in network.named_parameters() if not now.equal(before[layer])]
    assert any("weight.original" in layer for layer in changed), "nothing was trained"
    values = largest_singular_values(network)
    assert {"head", "minibatch.projection", "minibatch_head"} < set(values)
    # one power iteration a pass follows Adam's first, largest changes from a little behind
    assert values == pytest.approx(dict.fromkeys(values, 1.0), abs=0.3)
    with torch.no_grad():
        for _ in range(40):
            network(real)
    values = largest_singular_values(network)
    assert values == pytest.approx(dict.fromkeys(values, 1.0), abs=0.03)
    raw = [
        torch.linalg.matrix_norm(raw_weight(network.get_submodule(k)).flatten(1), 2).item()
        for k in values
    ]
    assert max(abs(value - 1) for value in raw) > 0.1, "the weights alone are there already"


def test_values_are_those_of_the_decomposition() -> None:
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ConvTranspose2d(3, 2, 2), nn.Linear(5, 4))
    conv, transposed, linear = (layer.weight for layer in network)
    assert isinstance(conv, Tensor)
    assert isinstance(transposed, Tensor)
    assert isinstance(linear, Tensor)
    assert largest_singular_values(network) == pytest.approx(
        {
            "0": torch.linalg.svdvals(conv.flatten(1))[0].item(),
            "1": torch.linalg.svdvals(transposed.transpose(0, 1).flatten(1))[0].item(),
            "2": torch.linalg.svdvals(linear)[0].item(),
        }
    )


def test_measuring_leaves_no_trace() -> None:
    network = _small("dcgan-8x8").train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    largest_singular_values(network)
    assert all(tensor.equal(before[name]) for name, tensor in network.state_dict().items())
    assert all(module.training for module in network.modules())


def test_normalising_twice_is_normalising_once() -> None:
    network = _small("dcgan-8x8")
    names, count = list(network.state_dict()), count_parameters(network)
    apply_spectral_norm(network)
    assert list(network.state_dict()) == names
    assert count_parameters(network) == count


def test_state_travels_with_the_state_dict() -> None:
    network, copy = _small("dcgan-8x8").eval(), _small("dcgan-8x8").eval()
    copy.load_state_dict(network.state_dict())
    images = torch.randn(3, 1, 8, 8)
    assert copy(images).equal(network(images))


def test_raw_weight_is_the_parameter_itself() -> None:
    linear = nn.Linear(3, 2)
    parameter = linear.weight
    assert raw_weight(linear) is parameter
    apply_spectral_norm(linear)
    assert raw_weight(linear) is parameter


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
