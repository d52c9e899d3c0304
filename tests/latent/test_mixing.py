"""Mixing takes whole layers, the coarse ones from one image and the fine ones from another."""

from __future__ import annotations

import torch

from ganterm.latent.mixing import mixed


def test_layers_before_the_crossover_are_of_the_one_and_the_rest_of_the_other() -> None:
    """At either end there is one of them alone."""
    coarse, fine = torch.zeros(4, 3), torch.ones(4, 3)
    for crossover in range(5):
        layers = mixed(coarse, fine, crossover)[:, 0]
        assert layers.tolist() == [0.0] * crossover + [1.0] * (4 - crossover)


def test_one_is_mixed_with_many() -> None:
    """What has fewer axes goes with each."""
    assert mixed(torch.zeros(4, 3), torch.ones(5, 4, 3), 2).shape == (5, 4, 3)
