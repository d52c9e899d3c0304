"""Style-based networks (Karras et al. 2019, arXiv:1812.04948): facts, settings and rules.

The code is in `stylegan_networks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from ganterm.components.networks.facts import DiscriminatorFamily, GeneratorFamily, ImageSizes
from ganterm.core.settings import NETWORK, STEP, Problem, about, default_of

if TYPE_CHECKING:
    from torch import nn

    from ganterm.components.networks.facts import (
        DiscriminatorParts,
        DiscriminatorSpec,
        GeneratorSpec,
    )


class StyleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What style-based networks alone have."""

    modulation: Annotated[
        Literal["adain", "demodulate"],
        about(
            NETWORK,
            "How a style acts in generator stylegan.",
            "adain normalises each image's features, as in StyleGAN; demodulate scales the weights "
            "instead, as in StyleGAN2, and leaves no droplets",
        ),
    ] = "adain"
    skip_outputs: Annotated[
        bool,
        about(
            NETWORK,
            "Generator stylegan sums the pictures of all resolutions, in place of growing.",
            "StyleGAN2's: fine and coarse train together, at full cost from the first step",
        ),
    ] = False
    grow_kimg: Annotated[
        float,
        about(
            NETWORK,
            "Thousands of images at each resolution before the next fades in; 0 begins at full "
            "size.",
            "stylegan only; the run must see more images than all resolutions together take",
            ge=0,
            le=10**6,
        ),
    ] = 0.0
    fade_kimg: Annotated[
        float,
        about(
            NETWORK,
            "Thousands of images over which a growing network fades in its next resolution.",
            "about as many as grow_kimg; 0 switches at once",
            ge=0,
            le=10**6,
        ),
    ] = 0.0
    style_mixing: Annotated[
        float,
        about(
            STEP,
            "Share of generated training images that mix the styles of two latents.",
            "0.9 in the paper; keeps the layers of generator stylegan from relying on each other",
            ge=0,
            le=1,
        ),
    ] = 0.0

    @property
    def grows(self) -> bool:
        """Whether the networks begin at a low resolution and grow."""
        return self.grow_kimg > 0


def problems(config: Any) -> Iterator[Problem]:
    """Yield what only style-based networks have, or what those cannot have together."""
    if config.generator != "stylegan":
        for field in ("modulation", "skip_outputs", "style_mixing"):
            default = default_of(config, field)
            if getattr(config, field) != default:
                usual = str(default).lower() if isinstance(default, bool) else f"{default}"
                yield Problem(
                    field,
                    f"is for generator stylegan, and {config.generator} has no styles; leave it at "
                    f"{usual}, or set generator = stylegan.",
                )
    if config.modulation == "demodulate" and config.g_norm != "auto":
        yield Problem(
            "g_norm",
            "modulation demodulate takes the place of normalisation; set g_norm = auto, or "
            "modulation = adain.",
        )
    if config.fade_kimg and not config.grows:
        yield Problem(
            "fade_kimg", "nothing grows that could fade in; set grow_kimg, or fade_kimg = 0."
        )
    if not config.grows:
        return
    for field in ("generator", "discriminator"):
        if getattr(config, field) != "stylegan":
            yield Problem(
                "grow_kimg",
                f"{field} {getattr(config, field)} cannot grow; set grow_kimg = 0, or {field} = "
                "stylegan.",
            )
    if config.skip_outputs:
        yield Problem(
            "skip_outputs",
            "sums all resolutions from the first step on and needs no growing; set grow_kimg and "
            "fade_kimg to 0, or skip_outputs = false.",
        )


def _generator(spec: GeneratorSpec) -> nn.Module:
    from ganterm.components.networks.stylegan_networks import StyleGenerator

    return StyleGenerator(spec)


def _discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    from ganterm.components.networks.stylegan_networks import discriminator

    return discriminator(spec)


_SIZES = ImageSizes(doublings=1)

STYLEGAN = GeneratorFamily(
    title="StyleGAN",
    help="Style-based: mapping network, styled layers from a constant, noise; can grow.",
    image_sizes=_SIZES,
    z_dim=64,
    equalised=True,
    takes_labels=True,
    settings=StyleSettings,
    build=_generator,
)
STYLEGAN_DISCRIMINATOR = DiscriminatorFamily(
    title="StyleGAN",
    help="Pairs of 3x3 convolutions, mirroring the style-based generator; can grow.",
    image_sizes=_SIZES,
    equalised=True,
    settings=StyleSettings,
    build=_discriminator,
)
