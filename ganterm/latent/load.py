"""A trained generator from a checkpoint, on any device."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from ganterm.config import RunConfig
from ganterm.config.runfile import from_mapping
from ganterm.errors import ConfigError
from ganterm.networks import Generator
from ganterm.networks.configured import generator_of


@dataclass(frozen=True)
class Trained:
    """A generator in evaluation mode, and where it comes from."""

    generator: Generator
    config: RunConfig
    step: int
    weights: str
    """`ema` or `generator`: which of the checkpoint's weights these are."""


def load_generator(
    path: Path, *, ema: bool | None = None, device: torch.device | str = "cpu"
) -> Trained:
    """Load the generator of the checkpoint at `path`.

    `ema` picks the averaged weights or the plain ones; `None` takes the average where there is
    one. Raises `ConfigError` when the file is no checkpoint of ganterm's or has no average.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            names = list(file.keys())
            weights = _choose(path, names, ema)
            prefix = weights + "."
            state = {
                name.removeprefix(prefix): file.get_tensor(name)
                for name in names
                if name.startswith(prefix)
            }
        config = from_mapping(json.loads(metadata["config"]))
        step = int(json.loads(metadata["counters"])["step"])
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a ganterm checkpoint"
        raise ConfigError(f"{path} cannot be sampled from: {reason}.") from None
    with torch.device("meta"):
        generator = generator_of(config)
    try:
        generator.load_state_dict(state, assign=True)
    except RuntimeError:
        raise ConfigError(
            f"{path} cannot be sampled from: its weights do not fit its configuration."
        ) from None
    generator.to(device).eval().requires_grad_(False)
    return Trained(generator, config, step, weights)


def _choose(path: Path, names: list[str], ema: bool | None) -> str:
    has_ema = any(name.startswith("ema.") for name in names)
    if ema and not has_ema:
        raise ConfigError(
            f"{path} has no averaged weights, because its run had ema_kimg = 0; use --no-ema."
        )
    return "ema" if has_ema and ema is not False else "generator"
