"""Networks by name, built to the facts of `ganterm.architectures`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Protocol, TypeVar, get_args

from torch import nn

from ganterm.architectures import (
    CHANNELS,
    DISCRIMINATORS,
    GENERATORS,
    ArchitectureFacts,
)
from ganterm.errors import ConfigError
from ganterm.networks import dcgan, dcgan8, dcgan64, mlp, sngan, upsample
from ganterm.networks.base import Discriminator, DiscriminatorParts, Generator
from ganterm.networks.blocks import Norm
from ganterm.networks.spectral import apply_spectral_norm


class _GeneratorFamily(Protocol):
    def __call__(
        self, *, z_dim: int, image_size: int, channels: int, width: float, norm: Norm
    ) -> nn.Sequential: ...


class _DiscriminatorFamily(Protocol):
    def __call__(
        self, *, image_size: int, channels: int, width: float, norm: Norm
    ) -> DiscriminatorParts: ...


_GENERATORS: Final[Mapping[str, _GeneratorFamily]] = {
    "mlp": mlp.generator,
    "mlp-small": mlp.small_generator,
    "dcgan": dcgan.generator,
    "dcgan-resize": dcgan.resize_generator,
    "dcgan-64": dcgan64.generator,
    "dcgan-8x8": dcgan8.generator,
    "upsample": upsample.generator,
}

_DISCRIMINATORS: Final[Mapping[str, _DiscriminatorFamily]] = {
    "mlp": mlp.discriminator,
    "dcgan": dcgan.discriminator,
    "dcgan-64": dcgan64.discriminator,
    "dcgan-8x8": dcgan8.discriminator,
    "upsample": upsample.discriminator,
    "sngan": sngan.discriminator,
}


def build_generator(
    name: str,
    *,
    z_dim: int,
    image_size: int,
    channels: int,
    width: float = 1.0,
    norm: Norm = "auto",
) -> Generator:
    """Build a generator from latents (N, z_dim) to images (N, channels, H, W) in [-1, 1].

    `name` is a key of `architectures.GENERATORS`, H = W = `image_size` pixels, `width` multiplies
    the hidden widths (1 is as published), `norm` is `auto` (as published), `batch` or `none`.

    Raises `ConfigError` for an unknown name or what the architecture does not support.
    """
    facts = _facts("generator", name, GENERATORS)
    _check(f"generator {name}", facts, image_size=image_size, channels=channels, width=width)
    _check_norm(norm)
    if z_dim < 1:
        raise ConfigError(f"z_dim must be at least 1, not {z_dim}; the usual is {facts.z_dim}.")
    layers = _GENERATORS[name](
        z_dim=z_dim, image_size=image_size, channels=channels, width=width, norm=norm
    )
    return Generator(layers, z_dim=z_dim, image_size=image_size, channels=channels)


def build_discriminator(
    name: str,
    *,
    image_size: int,
    channels: int,
    width: float = 1.0,
    norm: Norm = "auto",
    spectral_norm: bool = False,
    minibatch_discrimination: bool = False,
) -> Discriminator:
    """Build a discriminator from images (N, channels, H, W) in [-1, 1] to logits (N,).

    `name` is a key of `architectures.DISCRIMINATORS`; the other arguments are as for
    `build_generator`. `spectral_norm` normalises every layer. Higher logits mean 'real';
    losses and metrics apply the sigmoid, never the network.

    Raises `ConfigError` for an unknown name or what the architecture does not support.
    """
    facts = _facts("discriminator", name, DISCRIMINATORS)
    _check(f"discriminator {name}", facts, image_size=image_size, channels=channels, width=width)
    _check_norm(norm)
    parts = _DISCRIMINATORS[name](image_size=image_size, channels=channels, width=width, norm=norm)
    discriminator = Discriminator(parts, minibatch_discrimination=minibatch_discrimination)
    if spectral_norm:
        apply_spectral_norm(discriminator)
    return discriminator


_Facts = TypeVar("_Facts")


def _facts(kind: str, name: str, table: Mapping[str, _Facts]) -> _Facts:
    if name not in table:
        raise ConfigError(f"{kind} {name!r} is unknown; choose one of {', '.join(table)}.")
    return table[name]


def _check(
    what: str,
    facts: ArchitectureFacts,
    *,
    image_size: int,
    channels: int,
    width: float,
) -> None:
    if not facts.supports_image_size(image_size):
        raise ConfigError(
            f"{what} {facts.size_words}, not {image_size}; change image_size (published: "
            f"{facts.published_size}) or choose another architecture."
        )
    if channels not in CHANNELS:
        raise ConfigError(f"channels must be 1 (grey) or 3 (RGB), not {channels}.")
    if not (math.isfinite(width) and width > 0):
        raise ConfigError(f"width must be above 0, not {width}; 1 is as published.")


def _check_norm(norm: str) -> None:
    if norm not in get_args(Norm):
        raise ConfigError(f"norm {norm!r} is unknown; choose one of {', '.join(get_args(Norm))}.")
