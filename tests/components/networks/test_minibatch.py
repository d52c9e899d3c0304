"""Minibatch discrimination is the paper's formula and can be differentiated twice."""

from __future__ import annotations

import torch
from torch.autograd import gradcheck, gradgradcheck

from ganterm.components.networks.base import MinibatchDiscrimination


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
