"""A stack of layers told in words that anyone with PyTorch can build it from."""

from __future__ import annotations

from typing import Any, Final

from torch import nn

_ARGUMENTS: Final[dict[type[nn.Module], tuple[str, ...]]] = {
    nn.Linear: ("in_features", "out_features"),
    nn.Conv2d: ("in_channels", "out_channels", "kernel_size", "stride", "padding"),
    nn.ConvTranspose2d: (
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "output_padding",
    ),
    nn.BatchNorm1d: ("num_features", "eps"),
    nn.BatchNorm2d: ("num_features", "eps"),
    nn.Upsample: ("scale_factor", "mode", "align_corners"),
    nn.LeakyReLU: ("negative_slope",),
    nn.ReLU: (),
    nn.Tanh: (),
    nn.Unflatten: ("dim", "unflattened_size"),
}
"""What each kind of layer is constructed with; a bias is said besides."""


def describe_layers(stack: nn.Sequential) -> list[dict[str, Any]] | None:
    """Return each layer as `{"type": name in torch.nn, "args": {...}}`, in plain values.

    `None` where there is a layer that cannot be told so, one of our own.
    """
    described = []
    for layer in stack:
        names = _ARGUMENTS.get(type(layer))
        if names is None or not _is_plain(layer):
            return None
        arguments = {name: _plain(getattr(layer, name)) for name in names}
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            arguments["bias"] = layer.bias is not None
        described.append({"type": type(layer).__name__, "args": arguments})
    return described


def _is_plain(layer: nn.Module) -> bool:
    """Tell whether a layer is as its constructor makes it from those arguments alone."""
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
        return layer.groups == 1 and set(layer.dilation) == {1} and layer.padding_mode == "zeros"
    return True


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
