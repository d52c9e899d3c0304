"""A generator as safetensors, with a JSON file beside it that says what the tensors are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from ganterm import __version__
from ganterm.components.networks.base import Generator, SequentialGenerator
from ganterm.components.networks.from_config import generator_from
from ganterm.components.networks.growth import Stage, grow, stage_of
from ganterm.config.recorded import refuse_foreign_code
from ganterm.config.runfile import from_mapping
from ganterm.core.errors import DataError
from ganterm.core.files import read_limited, regular_path
from ganterm.exchange.card import public_config
from ganterm.exchange.programs import describe_interface
from ganterm.inference.load import Trained

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


FORMAT: Final = "ganterm-generator"
VERSION: Final = 1
"""Grows when a key of the JSON changes its meaning."""

_LIMIT = 1 << 20


def encode_weights(trained: Trained) -> bytes:
    """Return the generator's tensors as a safetensors file, by their names in its state_dict."""
    tensors = {
        name: value.detach().cpu().contiguous()
        for name, value in trained.generator.state_dict().items()
    }
    return save(tensors, {"format": "pt", "made_by": f"ganterm {__version__}"})


def describe_weights(trained: Trained, weights: str, *, run: str) -> dict[str, Any]:
    """Return the JSON that goes beside the tensors in the file called `weights`.

    `layers` lists the layers of `torch.nn` to build where the generator is a plain stack of them,
    whose tensors are named `layers.INDEX.…`; it is null where only ganterm can build it. Where it
    is conditional the layers take z joined with a row of the tensor that `joined` names, that of
    the image's class.
    """
    generator = trained.generator
    load = (
        f"net.load_state_dict with the {trained.config.generator} of {trained.script}, whose "
        "tensors are called net.NAME here."
        if trained.script
        else "ganterm.exchange.weights.load_exported(path of this file); where `layers` is a list, "
        "torch.nn alone does: `ganterm help export` prints how."
    )
    stage = stage_of(generator)
    layers = joined = None
    if isinstance(generator, SequentialGenerator):
        layers = describe_layers(generator.layers)
        joined = "join.embedding.weight" if generator.classes else None
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_by": f"ganterm {__version__}",
        "weights": weights,
        "run": run,
        "step": trained.step,
        "averaged": trained.weights == "ema",
        "architecture": trained.config.generator,
        **describe_interface(trained),
        "classes": list(trained.data.classes),
        "growth": None if stage is None else {"level": stage.level, "alpha": stage.alpha},
        "layers": layers,
        "joined": joined,
        "load": load,
        "config": {} if trained.script else public_config(trained.config),
    }


def load_exported(path: Path | str) -> Generator:
    """Load the generator whose JSON lies at `path`, in evaluation mode on the CPU.

    It turns latent vectors (N, z_dim) into images (N, C, H, W) in [-1, 1].

    Raises:
        DataError: a file is missing or damaged, or the two do not belong together.
        ConfigError: the configuration in it is not one that this ganterm understands.
    """
    path = Path(path)
    try:
        about = json.loads(read_limited(path, _LIMIT, follow=True))
        name, values, classes = about["weights"], about["config"], list(map(str, about["classes"]))
        stage = _stage(about.get("growth"))
        if about["format"] != FORMAT or not isinstance(values, dict) or Path(name).name != name:
            raise ValueError
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DataError(f"{path} does not describe a generator that ganterm exported.") from None
    with torch.device("meta"):
        config = from_mapping(values)
        refuse_foreign_code(config, path)
        generator = generator_from(config, config.data_spec.with_classes(classes))
    grown = stage_of(generator)
    if stage is not None and grown is not None:
        grow(generator, Stage(min(stage.level, grown.level), stage.alpha))
    try:
        with regular_path(path.with_name(name)) as named:
            generator.load_state_dict(load_file(named), assign=True)
    except (OSError, SafetensorError, RuntimeError):
        raise DataError(
            f"{path.with_name(name)} is missing, damaged, or not what {path.name} describes."
        ) from None
    return generator.eval().requires_grad_(False)


def _stage(growth: Any) -> Stage | None:
    """Return the stage that the JSON tells of; ValueError, KeyError or TypeError if it does not."""
    if growth is None:
        return None
    level, alpha = growth["level"], growth["alpha"]
    if type(level) is not int or level < 0 or not 0 <= alpha <= 1:
        raise ValueError
    return Stage(level, float(alpha))
