"""What holds of every generator and of every discriminator, whatever its family."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from ganterm.components.networks import DISCRIMINATORS
from ganterm.components.networks.base import MinibatchDiscrimination, count_parameters
from ganterm.components.networks.facts import DiscriminatorSpec
from ganterm.components.networks.from_config import build_discriminator, generator_from
from ganterm.config import resolve
from ganterm.config.runfile import to_mapping
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import begun


def test_count_parameters_counts_every_learnable_value() -> None:
    # Linear 3·2 + 2, BN 2 + 2; the running statistics are not learnt
    assert count_parameters(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))) == 12


@pytest.mark.parametrize(
    "recipe", ["mlp-small", "dcgan-8x8", "turbo-8x8", "dcgan-upsample", "stylegan-8x8", "ring"]
)
def test_a_uniform_prior_is_the_normal_one_through_its_distribution(recipe: str) -> None:
    normal = resolve({"recipe": recipe, "conditional": "none"}).config
    uniform = resolve({**to_mapping(normal), "z_prior": "uniform"}).config
    one = generator_from(normal, normal.data_spec).eval()
    other = generator_from(uniform, uniform.data_spec).eval()
    other.load_state_dict(one.state_dict())
    z = torch.randn(4, normal.z_dim)
    expected = one(2 * torch.special.ndtr(z) - 1)
    torch.testing.assert_close(other(z), expected, rtol=1e-4, atol=1e-5)
    averaged = copy.deepcopy(other)
    torch.testing.assert_close(averaged(z), expected, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(one(z), expected, rtol=1e-2, atol=1e-3)


def test_images_of_a_wrong_size_fail_instead_of_giving_more_logits() -> None:
    network = build_discriminator(
        "dcgan-64", DiscriminatorSpec(data=DataSpec.image(32, 1), width=0.1)
    )
    with pytest.raises(RuntimeError, match="shape"):
        network(torch.randn(2, 1, 64, 64))


def test_minibatch_discrimination_joins_its_statistics_to_the_features() -> None:
    network = build_discriminator(
        "dcgan-8x8", DiscriminatorSpec(data=DataSpec.image(8, 1), minibatch_discrimination=True)
    )
    images = torch.randn(3, 1, 8, 8)
    assert network.minibatch is not None
    assert network.minibatch_head is not None
    assert isinstance(network.head, nn.Conv2d)
    features = network.body(images).flatten(1)
    joined = torch.cat([features, network.minibatch(features)], dim=1)
    weight = torch.cat([network.head.weight.flatten(1), network.minibatch_head.weight], dim=1)
    assert network.head.bias is not None
    torch.testing.assert_close(network(images), (joined @ weight.T + network.head.bias).squeeze(1))


def test_minibatch_discrimination_sees_a_collapsed_batch() -> None:
    network = build_discriminator(
        "dcgan-8x8", DiscriminatorSpec(data=DataSpec.image(8, 1), minibatch_discrimination=True)
    ).eval()
    image = torch.randn(1, 1, 8, 8)
    alone, collapsed = network(image), network(image.expand(16, -1, -1, -1))
    assert not torch.isclose(alone, collapsed[0])


@pytest.mark.parametrize("name", DISCRIMINATORS.names)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"norm": "none"},
        {"norm": "batch"},
        {"spectral_norm": True},
        {"minibatch_discrimination": True},
        {"classes": 10},
    ],
    ids=str,
)
def test_judging_one_by_one_means_that_company_changes_no_logit(
    name: str, settings: dict[str, Any]
) -> None:
    size = DISCRIMINATORS.facts(name).published_size
    spec = DiscriminatorSpec(data=DataSpec.image(size, 1), width=0.1, **settings)
    torch.manual_seed(0)
    network = begun(build_discriminator(name, spec).double())
    images = torch.randn(6, 1, size, size, dtype=torch.float64)
    labels = torch.arange(6) if spec.classes else None
    with torch.no_grad():
        alone = torch.cat(
            [
                network(images[part], None if labels is None else labels[part])
                for part in (slice(4), slice(4, 6))
            ]
        )
        together = network(images, labels)
    same = torch.allclose(alone, together, rtol=1e-9, atol=1e-12)
    assert network.batch_independent is same


def test_statistics_are_the_papers() -> None:
    layer = MinibatchDiscrimination(6, kernels=4, kernel_dim=3).double()
    features = torch.randn(5, 6, dtype=torch.float64)
    statistics = layer(features)
    rows = (features @ layer.projection.weight.T).reshape(5, 4, 3)
    for image in range(5):
        for kernel in range(4):
            wanted = sum(
                torch.exp(-(rows[image, kernel] - rows[other, kernel]).abs().sum())
                for other in range(5)
                if other != image
            )
            torch.testing.assert_close(statistics[image, kernel], wanted)


def test_one_image_alone_is_like_no_other() -> None:
    assert MinibatchDiscrimination(6)(torch.randn(1, 6)).tolist() == [[0.0] * 32]


def test_equal_images_are_wholly_alike() -> None:
    statistics = MinibatchDiscrimination(6, kernels=2)(torch.randn(1, 6).expand(4, -1))
    torch.testing.assert_close(statistics, torch.full((4, 2), 3.0))


def test_derivatives_of_both_orders() -> None:
    layer = MinibatchDiscrimination(4, kernels=2, kernel_dim=2).double()
    features = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    assert gradcheck(layer, (features,))
    assert gradgradcheck(layer, (features,))


def test_statistics_are_exact_under_autocast() -> None:
    layer = MinibatchDiscrimination(6)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert layer(torch.randn(3, 6)).dtype == torch.float32
