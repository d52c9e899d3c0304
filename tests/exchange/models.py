"""Generators as if they had been trained, for every architecture there is."""

from __future__ import annotations

import torch

from ganterm import recipes
from ganterm.config import RunConfig, resolve
from ganterm.latent.load import Trained
from ganterm.networks.configured import generator_of


def by_architecture() -> dict[str, RunConfig]:
    """Return a configuration for each kind of generator that a recipe asks for."""
    found: dict[str, RunConfig] = {}
    for name in recipes.built_in():
        config = resolve({"recipe": name}).config
        kind = "points" if config.trains_on_points else config.generator
        found.setdefault(kind, config)
    return found


def trained(config: RunConfig) -> Trained:
    """Return a generator whose normalisation has statistics of its own, in evaluation mode."""
    torch.manual_seed(3)
    generator = generator_of(config)
    for name, buffer in generator.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    return Trained(generator.eval().requires_grad_(False), config, 42, "ema")
