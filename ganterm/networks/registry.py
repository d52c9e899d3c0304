"""Networks by name, built to the facts of `ganterm.architectures`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, TypeVar, get_args

from torch import nn

from ganterm.architectures import (
    CHANNELS,
    DISCRIMINATORS,
    GENERATORS,
    ArchitectureFacts,
)
from ganterm.errors import ConfigError
from ganterm.networks import compact, dcgan, dcgan8, dcgan64, mlp, sngan, stylegan, upsample
from ganterm.networks.base import (
    Discriminator,
    DiscriminatorParts,
    Generator,
    SequentialGenerator,
)
from ganterm.networks.blocks import Norm
from ganterm.networks.conditioning import joined, widened
from ganterm.networks.spec import DiscriminatorSpec, GeneratorSpec
from ganterm.networks.spectral import apply_spectral_norm

_GENERATORS: Final[Mapping[str, Callable[[GeneratorSpec], nn.Sequential]]] = {
    "mlp": mlp.generator,
    "mlp-small": mlp.small_generator,
    "compact": compact.generator,
    "dcgan": dcgan.generator,
    "dcgan-resize": dcgan.resize_generator,
    "dcgan-64": dcgan64.generator,
    "dcgan-8x8": dcgan8.generator,
    "upsample": upsample.generator,
}

_WHOLE_GENERATORS: Final[Mapping[str, Callable[[GeneratorSpec], Generator]]] = {
    "stylegan": stylegan.StyleGenerator,
}
"""Those that are no stack of layers, and take labels in by themselves."""

_DISCRIMINATORS: Final[Mapping[str, Callable[[DiscriminatorSpec], DiscriminatorParts]]] = {
    "mlp": mlp.discriminator,
    "compact": compact.discriminator,
    "dcgan": dcgan.discriminator,
    "dcgan-64": dcgan64.discriminator,
    "dcgan-8x8": dcgan8.discriminator,
    "upsample": upsample.discriminator,
    "sngan": sngan.discriminator,
    "stylegan": stylegan.discriminator,
}


def build_generator(name: str, spec: GeneratorSpec) -> Generator:
    """Build the generator called `name`, a key of `architectures.GENERATORS`.

    Raises `ConfigError` for an unknown name or what the architecture does not support.
    """
    facts = _facts("generator", name, GENERATORS)
    _check(f"generator {name}", facts, spec)
    if spec.z_dim < 1:
        raise ConfigError(
            f"z_dim must be at least 1, not {spec.z_dim}; the usual is {facts.z_dim}."
        )
    if name in _WHOLE_GENERATORS:
        return _WHOLE_GENERATORS[name](spec)
    return SequentialGenerator(_GENERATORS[name](joined(spec)), spec)


def build_discriminator(name: str, spec: DiscriminatorSpec) -> Discriminator:
    """Build the discriminator called `name`, a key of `architectures.DISCRIMINATORS`.

    It gives logits, higher for 'real'; losses and metrics apply the sigmoid, never the network.

    Raises `ConfigError` for an unknown name or what the architecture does not support.
    """
    facts = _facts("discriminator", name, DISCRIMINATORS)
    _check(f"discriminator {name}", facts, spec)
    return assemble(_DISCRIMINATORS[name](widened(spec)), spec)


def assemble(parts: DiscriminatorParts, spec: DiscriminatorSpec) -> Discriminator:
    """Return the discriminator of these parts, with what `spec` asks of every family."""
    discriminator = Discriminator(parts, spec)
    if spec.spectral_norm:
        apply_spectral_norm(discriminator)
    return discriminator


_Facts = TypeVar("_Facts")


def _facts(kind: str, name: str, table: Mapping[str, _Facts]) -> _Facts:
    if name not in table:
        raise ConfigError(f"{kind} {name!r} is unknown; choose one of {', '.join(table)}.")
    return table[name]


def _check(what: str, facts: ArchitectureFacts, spec: GeneratorSpec | DiscriminatorSpec) -> None:
    if not facts.supports_image_size(spec.image_size):
        raise ConfigError(
            f"{what} {facts.size_words}, not {spec.image_size}; change image_size (published: "
            f"{facts.published_size}) or choose another architecture."
        )
    if spec.channels not in CHANNELS:
        raise ConfigError(f"channels must be 1 (grey) or 3 (RGB), not {spec.channels}.")
    if not (math.isfinite(spec.width) and spec.width > 0):
        raise ConfigError(f"width must be above 0, not {spec.width}; 1 is as published.")
    if spec.norm not in get_args(Norm):
        raise ConfigError(
            f"norm {spec.norm!r} is unknown; choose one of {', '.join(get_args(Norm))}."
        )
