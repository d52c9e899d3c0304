"""Equalised layers are ordinary ones whose scale and learning rates are the paper's."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ganterm.components.networks.equalised import EqualConv2d, EqualLinear, learning_rates
from ganterm.components.networks.facts import DiscriminatorSpec
from ganterm.components.networks.from_config import build_discriminator
from ganterm.core.dataspec import DataSpec


def test_weights_begin_at_the_scale_of_their_fan_in() -> None:
    torch.manual_seed(0)
    linear, convolution = EqualLinear(400, 300), EqualConv2d(30, 200, 3, gain=1.0)
    assert linear.weight.std().item() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    assert convolution.weight.std().item() == pytest.approx(1 / math.sqrt(30 * 9), rel=0.02)
    assert convolution.bias is not None
    assert not linear.bias.any()
    assert not convolution.bias.any()


def test_the_convolution_keeps_the_side() -> None:
    images = torch.randn(2, 3, 7, 7)
    assert EqualConv2d(3, 5, 3)(images).shape == EqualConv2d(3, 5, 1)(images).shape


def test_training_is_the_papers_with_a_weight_of_variance_one() -> None:
    """Weights w ~ N(0, c²) at c times the rate move as c·v does, where v ~ N(0, 1) at the full."""
    torch.manual_seed(0)
    layer = EqualLinear(50, 20, rate=0.1)
    inputs, targets = torch.randn(64, 50), torch.randn(64, 20)
    # The paper's: stored as v and b', used as c·v and 0.1·b'.
    scale = math.sqrt(2 / 50) * 0.1
    stored = nn.Parameter(layer.weight.detach() / scale)
    bias = nn.Parameter(torch.zeros(20))

    def loss_of(weight: Tensor, shift: Tensor) -> Tensor:
        return functional.mse_loss(functional.linear(inputs, weight, shift), targets)

    groups = [{"params": p, "lr": 0.01 * factor} for factor, p in learning_rates(layer).items()]
    ours = torch.optim.Adam(groups, eps=0.0)
    theirs = torch.optim.Adam([stored, bias], lr=0.01, eps=0.0)
    for _ in range(20):
        for optimizer in (ours, theirs):
            optimizer.zero_grad()
        loss_of(layer.weight, layer.bias).backward()  # type: ignore[no-untyped-call]
        loss_of(stored * scale, bias * 0.1).backward()  # type: ignore[no-untyped-call]
        ours.step()
        theirs.step()
    torch.testing.assert_close(layer.weight, stored * scale, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(layer.bias, bias * 0.1, rtol=1e-4, atol=1e-5)


def test_every_parameter_has_one_rate_and_those_of_plain_layers_are_one() -> None:
    plain, equal = nn.Linear(3, 4), EqualLinear(8, 4, gain=1.0)
    rates = learning_rates(nn.Sequential(plain, equal))
    assert set(rates) == {1.0, 1 / math.sqrt(8)}
    assert [p.shape for p in rates[1.0]] == [(4, 3), (4,), (4,)]
    assert [p.shape for p in rates[1 / math.sqrt(8)]] == [(4, 8)]


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_rates_reach_through_spectral_normalisation(spectral_norm: bool) -> None:
    spec = DiscriminatorSpec(data=DataSpec.image(8, 1), spectral_norm=spectral_norm)
    network = build_discriminator("stylegan", spec)
    listed = [p for parameters in learning_rates(network).values() for p in parameters]
    assert len({id(p) for p in listed}) == len(listed) == len(list(network.parameters()))
    rates = [(rate, p.ndim) for rate, ps in learning_rates(network).items() for p in ps]
    assert all((rate != 1.0) is (axes > 1) for rate, axes in rates), "weights, and no biases"


def test_classic_networks_learn_at_one_rate() -> None:
    network = build_discriminator("dcgan", DiscriminatorSpec(data=DataSpec.image(28, 1)))
    assert list(learning_rates(network)) == [1.0]
