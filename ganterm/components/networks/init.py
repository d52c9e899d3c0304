"""How the weights of a network begin."""

from __future__ import annotations

from typing import Literal, TypeVar, get_args

import torch
from torch import nn

from ganterm.components.networks.spectral import raw_weight, settle
from ganterm.core.errors import ConfigError

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
        elif isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)
    settle(module)
    return module
