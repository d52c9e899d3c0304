"""Generators and discriminators: a file a family, a line here, and the settings that all share.

They know nothing of losses. `from_config` builds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec

from ganterm.components.networks import stylegan
from ganterm.components.networks.facts import (
    DiscriminatorFamily,
    DiscriminatorParts,
    DiscriminatorSpec,
    GeneratorFacts,
    GeneratorFamily,
    GeneratorSpec,
    ImageSizes,
    NetworkFacts,
    Norm,
    Output,
)
from ganterm.components.networks.stylegan import StyleSettings
from ganterm.core.registry import Registry, is_reference, short
from ganterm.core.settings import NETWORK, STEP, Problem, about

__all__ = [
    "DISCRIMINATORS",
    "GENERATORS",
    "DiscriminatorFamily",
    "DiscriminatorParts",
    "DiscriminatorSpec",
    "GeneratorFacts",
    "GeneratorFamily",
    "GeneratorSpec",
    "ImageSizes",
    "NetworkFacts",
    "NetworkSettings",
    "StyleSettings",
    "fewest_at_once",
    "problems",
]

_HERE: Final = "ganterm.components.networks"

GENERATORS: Final = Registry(
    "generator",
    GeneratorFacts,
    GeneratorFamily,
    {
        "mlp": f"{_HERE}.mlp:MLP",
        "mlp-small": f"{_HERE}.mlp:MLP_SMALL",
        "compact": f"{_HERE}.compact:COMPACT",
        "dcgan": f"{_HERE}.dcgan:DCGAN",
        "dcgan-resize": f"{_HERE}.dcgan:DCGAN_RESIZE",
        "dcgan-64": f"{_HERE}.dcgan64:DCGAN_64",
        "dcgan-8x8": f"{_HERE}.dcgan8:DCGAN_8X8",
        "upsample": f"{_HERE}.upsample:UPSAMPLE",
        "stylegan": f"{_HERE}.stylegan:STYLEGAN",
        "r3gan": f"{_HERE}.r3gan:R3GAN",
        "biggan": f"{_HERE}.biggan:BIGGAN",
    },
    plain=f"{_HERE}.plain:generator",
)
DISCRIMINATORS: Final = Registry(
    "discriminator",
    NetworkFacts,
    DiscriminatorFamily,
    {
        "mlp": f"{_HERE}.mlp:MLP_DISCRIMINATOR",
        "compact": f"{_HERE}.compact:COMPACT_DISCRIMINATOR",
        "dcgan": f"{_HERE}.dcgan:DCGAN_DISCRIMINATOR",
        "dcgan-64": f"{_HERE}.dcgan64:DCGAN_64_DISCRIMINATOR",
        "dcgan-8x8": f"{_HERE}.dcgan8:DCGAN_8X8_DISCRIMINATOR",
        "upsample": f"{_HERE}.upsample:UPSAMPLE_DISCRIMINATOR",
        "sngan": f"{_HERE}.sngan:SNGAN_DISCRIMINATOR",
        "stylegan": f"{_HERE}.stylegan:STYLEGAN_DISCRIMINATOR",
        "r3gan": f"{_HERE}.r3gan:R3GAN_DISCRIMINATOR",
        "biggan": f"{_HERE}.biggan:BIGGAN_DISCRIMINATOR",
    },
    plain=f"{_HERE}.plain:discriminator",
)


class NetworkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which networks, and what all of them have."""

    generator: Annotated[str, about(NETWORK, "Generator architecture.", registry=GENERATORS)] = (
        "dcgan"
    )
    discriminator: Annotated[
        str, about(NETWORK, "Discriminator (or critic) architecture.", registry=DISCRIMINATORS)
    ] = "dcgan"
    discriminator_output: Annotated[
        Output,
        about(
            NETWORK,
            "What a discriminator of your own returns: logits, or probabilities, as one that ends "
            "in a sigmoid does.",
            part_of="discriminator",
        ),
    ] = "logit"
    conditional: Annotated[
        Literal["none", "projection", "concat"],
        about(
            NETWORK,
            "Train on the labels too, to choose the class of what is generated; how the "
            "discriminator takes them.",
            "projection trains best; R1 of weight 4 and beta1 0 keep variety within a class",
        ),
    ] = "none"
    z_dim: Annotated[
        int, about(NETWORK, "Size of the latent vector z.", "100-512", ge=1, le=4096)
    ] = 100
    z_prior: Annotated[
        Literal["normal", "uniform"],
        about(NETWORK, "What the generator is given: standard normal numbers, or even in (-1, 1)."),
    ] = "normal"
    width: Annotated[
        float,
        about(
            NETWORK,
            "Multiplies the hidden widths of both networks; 1 is as published.",
            ge=1 / 16,
            le=8,
        ),
    ] = 1.0
    g_norm: Annotated[
        Norm, about(NETWORK, "Normalisation in the generator; auto is as published.")
    ] = "auto"
    d_norm: Annotated[
        Norm,
        about(
            NETWORK,
            "Normalisation in the discriminator; auto is as published.",
            "none with a gradient penalty, which batch normalisation disturbs",
        ),
    ] = "auto"
    init: Annotated[
        Literal["default", "normal"],
        about(NETWORK, "Initial weights: PyTorch's default, or N(0, 0.02) as in DCGAN."),
    ] = "default"
    spectral_norm: Annotated[
        bool,
        about(
            NETWORK,
            "Spectral normalisation of every layer of the discriminator.",
            "a remedy for mode collapse and a discriminator that is too strong",
        ),
    ] = False
    minibatch_discrimination: Annotated[
        bool,
        about(
            NETWORK,
            "Join batch statistics to the discriminator's features.",
            "a remedy for mode collapse",
        ),
    ] = False
    freeze_d: Annotated[
        int,
        about(
            STEP,
            "Blocks of the discriminator, from the image on, that stay as they are (FreezeD).",
            "1 or 2 with init_from, where there are few images",
            ge=0,
            le=1000,
        ),
    ] = 0


def fewest_at_once(config: Any) -> int:
    """Return the smallest micro_batch that leaves no image alone where networks compare images."""
    norms = (
        (GENERATORS, config.generator, config.g_norm),
        (DISCRIMINATORS, config.discriminator, config.d_norm),
    )
    if not config.minibatch_discrimination and not any(
        registry.facts(name).has_batch_norm(norm) for registry, name, norm in norms
    ):
        return 1
    # In parts of 2 an odd batch, as the last of an epoch or a held-out one may be, leaves 1.
    return 2 if config.batch_size % 2 == 0 and config.drop_last and not config.holdout else 3


def problems(config: Any) -> Iterator[Problem]:
    """Yield what does not go with the networks of a whole configuration."""
    data = config.data_spec
    normalised = {}
    for field, registry, norm in (
        ("generator", GENERATORS, config.g_norm),
        ("discriminator", DISCRIMINATORS, config.d_norm),
    ):
        name = getattr(config, field)
        facts: NetworkFacts = registry.facts(name)
        normalised[field] = facts.has_batch_norm(norm)
        if not registry.knows(name):
            continue
        yield from registry.problems(name, config)
        if data.is_points and not facts.takes_points:
            fitting = [each for each in registry.names if registry.facts(each).takes_points]
            yield Problem(
                field,
                f"{short(config.dataset)} has points, not images, and {short(name)} needs images; "
                f"set {field} = {' or '.join(fitting)}.",
            )
        if not data.is_points and data.size not in facts.image_sizes:
            yield Problem(
                "image_size",
                f"{field} {short(name)} {facts.image_sizes.words}, not {data.size.setting}; "
                f"change image_size or choose another {field}.",
            )
    if config.discriminator_output != "logit" and not is_reference(config.discriminator):
        yield Problem(
            "discriminator_output",
            f"{config.discriminator} returns logits; leave discriminator_output at logit.",
        )
    if config.batch_size == 1 and any(normalised.values()):
        yield Problem(
            "batch_size",
            "batch normalisation needs at least 2 images a batch; raise batch_size, or set "
            "g_norm and d_norm to none.",
        )
    if config.batch_size == 1 and config.minibatch_discrimination:
        yield Problem(
            "minibatch_discrimination",
            "compares the images of a batch, and batch_size is 1; raise batch_size.",
        )
    at_once, fewest = config.micro_batch or 0, fewest_at_once(config)
    if 0 < at_once < min(fewest, config.batch_size):
        yield Problem(
            "micro_batch",
            "batch normalisation and minibatch_discrimination compare images, and parts of "
            f"{at_once} may leave one alone; set micro_batch = {fewest} or more, or 0.",
        )
    if config.spectral_norm and normalised["discriminator"]:
        yield Problem(
            "spectral_norm",
            "bounds the discriminator's slope and batch normalisation undoes it; "
            "set d_norm = none.",
        )
    yield from stylegan.problems(config)
