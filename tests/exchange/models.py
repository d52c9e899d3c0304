"""Generators as if they had been trained, for every architecture there is."""

from __future__ import annotations

import msgspec
import torch
from torch import Tensor, nn

from ganterm import recipes
from ganterm.components.networks.base import Generator
from ganterm.components.networks.from_config import generator_from
from ganterm.config import RunConfig, resolve
from ganterm.inference.load import Trained
from ganterm.inference.sample import labels_in_turn, latents
from tests.components.networks.layers import begun

_CONDITIONAL = (("dcgan-8x8", "projection"), ("mlp-small", "concat"), ("stylegan", "projection"))

_WEIGHTED = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
CONTRAST = 0.2
"""Standard deviation that pixels have at least, of the 2 between black and white."""


def by_architecture() -> dict[str, RunConfig]:
    """Return a configuration for each kind of generator in the recipes, some with labels too."""
    found: dict[str, RunConfig] = {}
    for name in recipes.built_in():
        config = resolve({"recipe": name}).config
        kind = "points" if config.data_spec.is_points else config.generator
        found.setdefault(kind, config)
    for labelled, how in _CONDITIONAL:
        found[f"{labelled} {how}"] = msgspec.structs.replace(found[labelled], conditional=how)
    found["stylegan demodulated"] = msgspec.structs.replace(
        found["stylegan"], modulation="demodulate", skip_outputs=True, grow_kimg=0, fade_kimg=0
    )
    return found


def classes_of(config: RunConfig) -> tuple[str, ...]:
    """Return the names of the classes that a conditional generator is made for here."""
    return () if config.conditional == "none" else tuple("0123456789")


def trained(config: RunConfig) -> Trained:
    """Return a generator with statistics of its own, noise and images of contrast, in evaluation.

    Untrained ones draw an even grey, on which any two programs agree.
    """
    torch.manual_seed(3)
    data = config.data_spec.with_classes(classes_of(config))
    generator = begun(generator_from(config, data))
    for name, buffer in generator.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    for name, value in generator.named_parameters():
        if name.endswith("noise.strength"):  # which begins at 0, as if there were no noise
            value.data.normal_(std=0.3)
    generator.eval().requires_grad_(False)
    _give_contrast(generator)
    return Trained(generator, config, 42, "ema", data)


def _give_contrast(generator: Generator) -> None:
    """Scale every layer's weights so that what it gives varies by 1 (Mishkin and Matas 2016)."""
    layers = [each for each in generator.modules() if isinstance(each, _WEIGHTED)]
    hooks = [layer.register_forward_hook(_scaled) for layer in layers]
    generator(latents(64, generator.z_dim, seed=1), labels_in_turn(64, generator.classes))
    for hook in hooks:
        hook.remove()


def _scaled(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    scale = output.std()
    for value in layer.parameters():
        value.div_(scale)
    return output / scale
