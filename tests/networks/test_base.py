"""A discriminator gives one logit an image, and minibatch discrimination only adds to it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganterm.networks import DiscriminatorSpec, build_discriminator, count_parameters


def test_count_parameters_counts_every_learnable_value() -> None:
    # Linear 3·2 + 2, BN 2 + 2; the running statistics are not learnt
    assert count_parameters(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))) == 12


def test_images_of_a_wrong_size_fail_instead_of_giving_more_logits() -> None:
    network = build_discriminator(
        "dcgan-64", DiscriminatorSpec(image_size=32, channels=1, width=0.1)
    )
    with pytest.raises(RuntimeError, match="shape"):
        network(torch.randn(2, 1, 64, 64))


def test_minibatch_discrimination_joins_its_statistics_to_the_features() -> None:
    network = build_discriminator(
        "dcgan-8x8", DiscriminatorSpec(image_size=8, channels=1, minibatch_discrimination=True)
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
        "dcgan-8x8", DiscriminatorSpec(image_size=8, channels=1, minibatch_discrimination=True)
    ).eval()
    image = torch.randn(1, 1, 8, 8)
    alone, collapsed = network(image), network(image.expand(16, -1, -1, -1))
    assert not torch.isclose(alone, collapsed[0])
