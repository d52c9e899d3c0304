"""Networks as a configuration asks for them."""

from __future__ import annotations

import torch

from ganterm.config import RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.errors import ConfigError
from ganterm.networks.base import Discriminator, Generator
from ganterm.networks.growth import Growth, sides_of
from ganterm.networks.points import point_discriminator, point_generator
from ganterm.networks.registry import assemble, build_discriminator, build_generator
from ganterm.networks.spec import DiscriminatorSpec, GeneratorSpec


def generator_from(config: RunConfig, data: DataSpec | None = None) -> Generator:
    """Return a fresh generator of such data: (N, z_dim) -> (N, C, H, W) in [-1, 1].

    Of points it is (N, D, 1, 1), unbounded. `data` may be left out where the run is not
    conditional; one that is raises `ConfigError` where they have no classes.
    """
    data = config.data_spec if data is None else data
    spec = GeneratorSpec(
        z_dim=config.z_dim,
        image_size=data.side,
        channels=data.channels,
        width=config.width,
        norm=config.g_norm,
        classes=_conditioned_on(config, data),
        modulation=config.modulation,
        grows=config.grows,
        skip_outputs=config.skip_outputs,
        style_mixing=config.style_mixing,
    )
    if data.is_points:
        return point_generator(spec)
    return build_generator(config.generator, spec)


def discriminator_from(config: RunConfig, data: DataSpec | None = None) -> Discriminator:
    """Return a fresh discriminator: (N, C, H, W) in [-1, 1], or points, -> (N,) logits.

    `data` is as for `generator_from`.
    """
    data = config.data_spec if data is None else data
    spec = DiscriminatorSpec(
        image_size=data.side,
        channels=data.channels,
        width=config.width,
        norm=config.d_norm,
        spectral_norm=config.spectral_norm,
        minibatch_discrimination=config.minibatch_discrimination,
        classes=_conditioned_on(config, data),
        conditioning="concat" if config.conditional == "concat" else "projection",
        grows=config.grows,
    )
    if data.is_points:
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


def _conditioned_on(config: RunConfig, data: DataSpec) -> int:
    if config.conditional == "none":
        return 0
    if not data.classes:
        raise ConfigError(
            f"conditional: {config.conditional} needs images with labels; set conditional = none."
        )
    return len(data.classes)


def parameter_counts(config: RunConfig, data: DataSpec) -> dict[str, int]:
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
