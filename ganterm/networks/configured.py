"""Networks as a configuration asks for them."""

from __future__ import annotations

import torch

from ganterm.config import RunConfig
from ganterm.errors import ConfigError
from ganterm.networks.base import Discriminator, Generator
from ganterm.networks.growth import Growth, sides_of
from ganterm.networks.points import point_discriminator, point_generator
from ganterm.networks.registry import assemble, build_discriminator, build_generator
from ganterm.networks.spec import DiscriminatorSpec, GeneratorSpec


def generator_of(config: RunConfig, classes: int = 0) -> Generator:
    """Return a fresh generator: (N, z_dim) -> (N, C, H, W) in [-1, 1].

    Where the dataset has points in place of images it is one of (N, 2, 1, 1), unbounded.
    `classes` is how many the dataset has; only a conditional run makes use of it, and raises
    `ConfigError` where there are none.
    """
    image_size, channels = _shape(config)
    spec = GeneratorSpec(
        z_dim=config.z_dim,
        image_size=image_size,
        channels=channels,
        width=config.width,
        norm=config.g_norm,
        classes=_conditioned_on(config, classes),
        modulation=config.modulation,
        grows=config.grows,
        skip_outputs=config.skip_outputs,
        style_mixing=config.style_mixing,
    )
    if config.trains_on_points:
        return point_generator(spec)
    return build_generator(config.generator, spec)


def discriminator_of(config: RunConfig, classes: int = 0) -> Discriminator:
    """Return a fresh discriminator: (N, C, H, W) in [-1, 1] -> (N,) logits.

    Where the dataset has points in place of images it takes (N, 2, 1, 1). `classes` is as for
    `generator_of`.
    """
    image_size, channels = _shape(config)
    spec = DiscriminatorSpec(
        image_size=image_size,
        channels=channels,
        width=config.width,
        norm=config.d_norm,
        spectral_norm=config.spectral_norm,
        minibatch_discrimination=config.minibatch_discrimination,
        classes=_conditioned_on(config, classes),
        conditioning="concat" if config.conditional == "concat" else "projection",
        grows=config.grows,
    )
    if config.trains_on_points:
        return assemble(point_discriminator(spec), spec)
    return build_discriminator(config.discriminator, spec)


def growth_of(config: RunConfig) -> Growth | None:
    """Return the schedule by which the networks grow; None where they have full size throughout."""
    if not config.grows:
        return None
    return Growth(
        levels=len(sides_of(config.image_size)),
        grow=round(config.grow_kimg * 1000),
        fade=round(config.fade_kimg * 1000),
    )


def _shape(config: RunConfig) -> tuple[int, int]:
    """Return side and channels of what the networks give and take."""
    return (1, 2) if config.trains_on_points else (config.image_size, config.channels)


def _conditioned_on(config: RunConfig, classes: int) -> int:
    if config.conditional == "none":
        return 0
    if classes < 1:
        raise ConfigError(
            f"conditional: {config.conditional} needs images with labels; set conditional = none."
        )
    return classes


def parameter_counts(config: RunConfig, classes: int = 0) -> dict[str, int]:
    """Return `generator_parameters` and `discriminator_parameters`; no memory is taken for them.

    `classes` is as for `generator_of`.
    """
    with torch.device("meta"):
        networks = {
            "generator_parameters": generator_of(config, classes),
            "discriminator_parameters": discriminator_of(config, classes),
        }
    return {
        key: sum(parameter.numel() for parameter in network.parameters())
        for key, network in networks.items()
    }
