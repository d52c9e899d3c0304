"""How the weights of a network begin, their spectral normalisation, and its check.

The normalisation is that of Miyato et al. 2018 (arXiv:1802.05957).
"""

from __future__ import annotations

from typing import Literal, TypeVar, get_args

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from ganterm.core.errors import ConfigError

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


@torch.no_grad()
def largest_singular_values(module: nn.Module) -> dict[str, float]:
    """Return the largest singular value of every layer's effective weight, by layer name.

    A convolution's weight counts as the matrix (C_out, C_in·k·k), as in the paper. With spectral
    normalisation each value is 1 within the error of the power iteration. Reading leaves the
    layers' state as it is.
    """
    values = {}
    for name, layer in weighted_layers(module).items():
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


def weighted_layers(
    module: nn.Module,
) -> dict[str, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding]:
    """Return the layers of `module` that have a weight matrix, by name."""
    return {name: layer for name, layer in module.named_modules() if isinstance(layer, NORMALISED)}


InitScheme = Literal["default", "normal"]
INIT_SCHEMES: tuple[str, ...] = get_args(InitScheme)

Network = TypeVar("Network", bound=nn.Module)


@torch.no_grad()
def init_weights(module: Network, scheme: str) -> Network:
    """Initialise `module` in place and return it.

    Random numbers come from the default generator of each tensor's device.

    `default` leaves what PyTorch's layers drew when they were made. `normal` is DCGAN's (Radford
    et al. 2015, arXiv:1511.06434): convolution and linear weights from N(0, 0.02²), their biases
    0, batch normalisation's scales from N(1, 0.02²), its shifts 0. Spectrally normalised layers
    keep their normalisation, and embeddings of labels, which stand beside latents, their N(0, 1).

    Raises `ConfigError` for another scheme.
    """
    if scheme not in INIT_SCHEMES:
        raise ConfigError(f"init {scheme!r} is unknown; choose one of {', '.join(INIT_SCHEMES)}.")
    if scheme == "default":
        return module
    for layer in module.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(raw_weight(layer), 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)) and layer.affine:
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)
    settle(module)
    return module
