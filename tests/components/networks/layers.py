"""Put the layers that a network runs into the words of the published tables."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)
Row = tuple[str, tuple[int, ...]]
"""A layer in words, and the shape of what it gives for one image."""


def layers_of(network: nn.Module, inputs: Tensor) -> list[Row]:
    """Run `network` on `inputs` and return its layers in the order they ran, reshapes left out."""
    rows: list[Row] = []

    def note(layer: nn.Module, _: Any, output: Tensor) -> None:
        words = in_words(layer)
        if words is not None:
            rows.append((words, tuple(output.shape[1:])))

    hooks = [layer.register_forward_hook(note) for layer in network.modules()]
    with torch.no_grad():
        network(inputs)
    for hook in hooks:
        hook.remove()
    return rows


def begun(network: Network) -> Network:
    """Return `network` with weights that begin at 0 as if training had moved them a little."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1 and not parameter.any():
                parameter.normal_(0.0, 0.1)
    return network


def in_words(layer: nn.Module) -> str | None:
    """Return `layer` as systems.md would write it, None for a container or a reshape."""
    words: str | None = None
    if isinstance(layer, nn.Linear):
        words = f"Linear {layer.out_features}{_bias(layer)}"
    elif isinstance(layer, nn.ConvTranspose2d):
        words = f"ConvT {_convolution(layer)}"
        if layer.output_padding != (0, 0):
            words = words.replace(f"p{layer.padding[0]}", f"p{layer.padding[0]} op1")
            assert layer.output_padding == (1, 1)
    elif isinstance(layer, nn.Conv2d):
        words = f"Conv {_convolution(layer)}"
    elif isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
        words = "BN" if layer.eps == 1e-5 else f"BN eps {layer.eps}"
    elif isinstance(layer, nn.LeakyReLU):
        words = f"LeakyReLU {layer.negative_slope}"
    elif isinstance(layer, nn.ReLU):
        words = "ReLU"
    elif isinstance(layer, nn.Tanh):
        words = "tanh"
    elif isinstance(layer, nn.Dropout2d):
        words = f"Dropout2d {layer.p}"
    elif isinstance(layer, nn.Upsample):
        words = f"{layer.mode} x{layer.scale_factor:g}"
    elif isinstance(layer, nn.Sigmoid):
        words = "sigmoid"
    return words


def _convolution(layer: nn.Conv2d | nn.ConvTranspose2d) -> str:
    sides = (layer.kernel_size, layer.stride, layer.padding)
    assert all(isinstance(pair, tuple) and pair[0] == pair[1] for pair in sides), "not square"
    assert layer.dilation == (1, 1)
    assert layer.groups == 1
    kernel, stride, padding = (pair[0] for pair in sides)
    return f"{layer.out_channels} k{kernel} s{stride} p{padding}{_bias(layer)}"


def _bias(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> str:
    return " no bias" if layer.bias is None else ""
