"""Spectral normalisation of every layer (Miyato et al. 2018, arXiv:1802.05957)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

NORMALISED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.Embedding)
"""Layers with a weight matrix to normalise."""

_CONVERGED = 15
"""Power iterations that settle the singular vectors of fresh weights, as torch takes itself."""


def apply_spectral_norm(module: nn.Module) -> None:
    """Normalise every convolution, linear layer and embedding of `module`; twice is done once.

    While training, each forward pass takes one power iteration per layer. Learnable values keep
    their number; the singular vectors are buffers. Draws random numbers for them from the default
    generator.
    """
    for layer in list(weighted_layers(module).values()):
        if not parametrize.is_parametrized(layer, "weight"):
            parametrizations.spectral_norm(layer)


def raw_weight(layer: nn.Module) -> Tensor:
    """Return the learnable weight of `layer`: what normalisation divides, where there is any."""
    if parametrize.is_parametrized(layer, "weight"):
        parametrization = layer.get_submodule("parametrizations.weight")
        return parametrization.get_parameter("original")
    return layer.get_parameter("weight")


@torch.no_grad()
def settle(module: nn.Module) -> None:
    """Find the singular vectors anew after weights were written from outside."""
    for layer in weighted_layers(module).values():
        if parametrize.is_parametrized(layer, "weight"):
            training = layer.training
            layer.train()
            for _ in range(_CONVERGED):
                _ = layer.weight  # reading the weight takes one power iteration
            layer.train(training)


def weighted_layers(
    module: nn.Module,
) -> dict[str, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding]:
    """Return the layers of `module` that have a weight matrix, by name."""
    return {name: layer for name, layer in module.named_modules() if isinstance(layer, NORMALISED)}
