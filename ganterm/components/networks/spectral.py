"""Spectral normalisation of every layer (Miyato et al. 2018, arXiv:1802.05957), and its check."""

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
    for layer in list(_weighted_layers(module).values()):
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
    for layer in _weighted_layers(module).values():
        if parametrize.is_parametrized(layer, "weight"):
            training = layer.training
            layer.train()
            for _ in range(_CONVERGED):
                _ = layer.weight  # reading the weight takes one power iteration
            layer.train(training)


@torch.no_grad()
def largest_singular_values(module: nn.Module) -> dict[str, float]:
    """Return the largest singular value of every layer's effective weight, by layer name.

    A convolution's weight counts as the matrix (C_out, C_in·k·k), as in the paper. With spectral
    normalisation each value is 1 within the error of the power iteration. Reading leaves the
    layers' state as it is.
    """
    values = {}
    for name, layer in _weighted_layers(module).items():
        training = layer.training
        layer.eval()  # in training mode reading the weight would take a power iteration
        weight = layer.weight
        layer.train(training)
        if isinstance(layer, nn.ConvTranspose2d):
            weight = weight.transpose(0, 1)
        matrix = weight.flatten(1).double()
        # the squares are the eigenvalues of the smaller Gram matrix, far cheaper than the SVD
        gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
        values[name] = torch.linalg.eigvalsh(gram)[-1].clamp(min=0).sqrt().item()
    return values


def _weighted_layers(
    module: nn.Module,
) -> dict[str, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding]:
    return {name: layer for name, layer in module.named_modules() if isinstance(layer, NORMALISED)}
