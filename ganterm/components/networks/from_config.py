"""Networks as a configuration asks for them, for the data at hand."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import torch
from torch import nn

from ganterm.components.networks import (
    DISCRIMINATORS,
    GENERATORS,
    DiscriminatorParts,
    DiscriminatorSpec,
    GeneratorSpec,
    NetworkFacts,
    NetworkSettings,
    StyleSettings,
)
from ganterm.components.networks.base import Discriminator, Generator, SequentialGenerator
from ganterm.components.networks.conditioning import joined, widened
from ganterm.components.networks.facts import NORMS, NetworkSpec
from ganterm.components.networks.growth import Growth, sizes_of
from ganterm.components.networks.weights import apply_spectral_norm
from ganterm.core.dataspec import CHANNELS, DataSpec
from ganterm.core.errors import ConfigError
from ganterm.core.registry import short
from ganterm.core.settings import part


def generator_from(config: NetworkSettings, data: DataSpec) -> Generator:
    """Return a fresh generator of such data: (N, z_dim) -> (N, C, H, W) in [-1, 1].

    Of points it is (N, D, 1, 1), unbounded. Latents are standard normal whatever the prior, so
    that sampling, interpolation and search are the same for all: those of a uniform prior become
    uniform where they enter. A conditional run raises `ConfigError` where `data` have no classes.
    """
    family = GENERATORS.resolve(config.generator)
    spec = GeneratorSpec(
        z_dim=config.z_dim,
        data=data,
        width=config.width,
        norm=config.g_norm,
        classes=_conditioned_on(config, data),
        own=None if family.settings is None else part(config, family.settings),
    )
    generator = build_generator(config.generator, spec)
    if config.z_prior == "uniform":
        generator.entrance.register_forward_pre_hook(_made_uniform)
    return generator


def _made_uniform(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Turn standard normal latents into uniform ones by their distribution function."""
    z, *others = inputs
    return (torch.erf(z / math.sqrt(2)), *others)


def discriminator_from(config: NetworkSettings, data: DataSpec) -> Discriminator:
    """Return a fresh discriminator: (N, C, H, W) in [-1, 1], or points, -> (N,) logits.

    `data` is as for `generator_from`. The first blocks are left out of training where that is asked
    for (FreezeD; Mo et al. 2020, arXiv:2002.10964); raises `ConfigError` where there are fewer.
    """
    family = DISCRIMINATORS.resolve(config.discriminator)
    spec = DiscriminatorSpec(
        data=data,
        width=config.width,
        norm=config.d_norm,
        spectral_norm=config.spectral_norm,
        minibatch_discrimination=config.minibatch_discrimination,
        classes=_conditioned_on(config, data),
        conditioning="concat" if config.conditional == "concat" else "projection",
        output=config.discriminator_output,
        own=None if family.settings is None else part(config, family.settings),
    )
    discriminator = build_discriminator(config.discriminator, spec)
    blocks = discriminator.blocks
    if config.freeze_d > len(blocks):
        raise ConfigError(
            f"freeze_d: this discriminator has {len(blocks)} blocks before its last layer; freeze "
            "as many at most."
        )
    for parameter in chain.from_iterable(blocks[: config.freeze_d]):
        parameter.requires_grad_(False)
    return discriminator


def build_generator(name: str, spec: GeneratorSpec) -> Generator:
    """Build the generator called `name` in the registry.

    Raises `ConfigError` for an unknown name or what the architecture does not support.
    """
    family = GENERATORS.resolve(name)
    _check(f"generator {short(name)}", family, spec)
    if spec.z_dim < 1:
        raise ConfigError(
            f"z_dim must be at least 1, not {spec.z_dim}; the usual is {family.z_dim}."
        )
    built = family.build(spec if family.takes_labels else joined(spec))
    if isinstance(built, Generator):
        return built
    layers = built if isinstance(built, nn.Sequential) else nn.Sequential(built)
    return SequentialGenerator(layers, spec)


def build_discriminator(name: str, spec: DiscriminatorSpec) -> Discriminator:
    """Build the discriminator called `name` in the registry.

    It gives logits, higher for 'real'; losses and metrics apply the sigmoid, never the network.

    Raises `ConfigError` for an unknown name or what the architecture does not support.
    """
    family = DISCRIMINATORS.resolve(name)
    _check(f"discriminator {short(name)}", family, spec)
    built = family.build(widened(spec))
    discriminator = Discriminator(built, spec) if isinstance(built, DiscriminatorParts) else built
    if not isinstance(discriminator, Discriminator):
        raise ConfigError(f"discriminator {short(name)} builds no DiscriminatorParts.")
    if spec.spectral_norm:
        apply_spectral_norm(discriminator)
    return discriminator


def growth_of(config: StyleSettings, data: DataSpec) -> Growth | None:
    """Return the schedule by which the networks grow; None where they have full size throughout."""
    if not config.grows:
        return None
    return Growth(
        levels=len(sizes_of(data.size)),
        grow=round(config.grow_kimg * 1000),
        fade=round(config.fade_kimg * 1000),
    )


def parameter_counts(config: NetworkSettings, data: DataSpec) -> dict[str, int]:
    """Return `generator_parameters` and `discriminator_parameters`; no memory is taken for them."""
    with torch.device("meta"):
        networks = {
            "generator_parameters": generator_from(config, data),
            "discriminator_parameters": discriminator_from(config, data),
        }
    return {
        key: sum(parameter.numel() for parameter in network.parameters())
        for key, network in networks.items()
    }


def _conditioned_on(config: NetworkSettings, data: DataSpec) -> int:
    if config.conditional == "none":
        return 0
    if not data.classes:
        raise ConfigError(
            f"conditional: {config.conditional} needs images with labels; set conditional = none."
        )
    return len(data.classes)


def _check(what: str, facts: NetworkFacts, spec: NetworkSpec) -> None:
    if spec.data.is_points:
        if not facts.takes_points:
            raise ConfigError(f"{what} makes images, not points; choose another architecture.")
    elif spec.size not in facts.image_sizes:
        raise ConfigError(
            f"{what} {facts.image_sizes.words}, not {spec.size.setting}; change image_size "
            f"(published: {facts.published_size}) or choose another architecture."
        )
    elif spec.channels not in CHANNELS:
        raise ConfigError(f"channels must be 1 (grey), 3 (RGB) or 4 (RGBA), not {spec.channels}.")
    if not (math.isfinite(spec.width) and spec.width > 0):
        raise ConfigError(f"width must be above 0, not {spec.width}; 1 is as published.")
    if spec.norm not in NORMS:
        raise ConfigError(f"norm {spec.norm!r} is unknown; choose one of {', '.join(NORMS)}.")
