"""`ganterm mix`: the styles of some images before a layer, of others from it on, as a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from ganterm.cli.generating import (
    Given,
    OneClass,
    OpenedGenerator,
    Target,
    Truncation,
    rendered,
    with_generator_options,
)
from ganterm.cli.narrate import Waiting, say
from ganterm.core.errors import ConfigError
from ganterm.render.words import plural

if TYPE_CHECKING:
    import torch

    from ganterm.components.networks.stylegan_networks import StyleGenerator

MOST_SEEDS = 100
"""Rows of one table at most, and columns."""
_PART = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?", re.ASCII)
_SEED_LIMIT = 2**63


@with_generator_options
def mix(
    target: Target = None,
    *,
    rows: Annotated[
        str,
        typer.Option(
            metavar="SEEDS",
            help="Seeds of the images down the left edge, such as 0,3,7-9: each is the first image "
            "that `ganterm sample` draws with it. They give the layers before the crossover.",
        ),
    ] = "0-3",
    columns: Annotated[
        str,
        typer.Option(
            metavar="SEEDS",
            help="Seeds of the images along the upper edge, which give the layers from it on.",
        ),
    ] = "4-9",
    crossover: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="The first layer that takes the style of the column: early layers decide the "
            "shape, late ones the stroke. 0 takes all of the column, the number of layers all of "
            "the row.",
            show_default="half of the layers",
        ),
    ] = None,
    truncation: Truncation = 1.0,
    of_class: OneClass = None,
    given: Given,
) -> None:
    """Mix the styles of every row with those of every column; of a style-based generator.

    Drawn is a table: its first column and its first row are the images that are mixed.
    """
    delivery = given.delivery()
    of_rows, of_columns = seeds_in(rows, "--rows"), seeds_in(columns, "--columns")
    opened = given.open(target)
    generator = _style_generator(opened)
    opened.stand_for(of_class)
    at = generator.layers // 2 if crossover is None else crossover
    if at > generator.layers:
        raise ConfigError(
            f"--crossover {at} is beyond the last layer; this generator has {generator.layers}, so "
            f"0 to {generator.layers} will do."
        )
    count = (len(of_rows) + 1) * (len(of_columns) + 1) - 1
    with Waiting(f"Generating {plural(count, 'image')}"):
        import numpy as np  # noqa: PLC0415

        from ganterm.inference.space import mixed  # noqa: PLC0415

        left = _styles(generator, of_rows, truncation)
        top = _styles(generator, of_columns, truncation)
        edges = rendered(opened, left), rendered(opened, top)
        mixes = rendered(opened, mixed(left[:, None], top[None], at).flatten(0, 1))
        inner = mixes.reshape(len(left), len(top), *mixes.shape[1:])
        corner = np.zeros_like(edges[1][:1])
        table = [np.concatenate([corner, edges[1]])]
        table += [
            np.concatenate([edge[None], line]) for edge, line in zip(edges[0], inner, strict=True)
        ]
    say(
        f"{len(left)} x {len(top)} mixes of {opened.title}: layers before {at} of "
        f"{generator.layers} of the row's image, the others of the column's."
    )
    delivery.deliver(np.concatenate(table), columns=len(top) + 1)


def seeds_in(text: str, option: str) -> list[int]:
    """Return the seeds that `0,3,7-9` names; raises ConfigError for what names none or too many."""
    seeds: list[int] = []
    for part in text.split(","):
        found = _PART.fullmatch(part.strip())
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not first <= last < _SEED_LIMIT:
            raise ConfigError(f"{option} {text} is no list of seeds; write them as 0,3,7-9.")
        if len(seeds) + last - first + 1 > MOST_SEEDS:
            raise ConfigError(f"{option} {text} are more than {MOST_SEEDS} seeds; name fewer.")
        seeds += range(first, last + 1)
    return seeds


def _style_generator(opened: OpenedGenerator) -> StyleGenerator:
    generator = opened.style_generator
    if generator is None:
        raise ConfigError(
            f"{opened.choice.origin} has no styles to mix, because its generator is not "
            "style-based; train one with --recipe stylegan, or walk between images with `ganterm "
            "interpolate`."
        )
    return generator


def _styles(generator: StyleGenerator, seeds: list[int], truncation: float) -> torch.Tensor:
    """Return the styles (len(seeds), layers, w_dim) of the first image of each seed."""
    import torch  # noqa: PLC0415

    from ganterm.inference.sample import latent_of  # noqa: PLC0415
    from ganterm.inference.space import styles_of, truncated  # noqa: PLC0415

    z = torch.stack([latent_of(seed, generator.z_dim) for seed in seeds])
    with torch.no_grad():
        return truncated(generator, styles_of(generator, z), truncation)
