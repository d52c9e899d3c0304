"""`ganterm explore`: what the directions of the latent space do to an image."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganterm.cli.console import emit_json, write_lines
from ganterm.cli.generating import (
    Given,
    OneClass,
    OpenedGenerator,
    Target,
    Truncation,
    rendered,
    with_generator_options,
)
from ganterm.cli.narrate import ProgressReporter, say
from ganterm.cli.options import AsJson
from ganterm.core.errors import ConfigError
from ganterm.render.curve import bar
from ganterm.render.words import plural

if TYPE_CHECKING:
    import torch

    from ganterm.inference.directions import Ranking
    from ganterm.render.colour import Charset

_BAR = 24
"""Characters of the longest bar."""
_RANKING_SEED = 0
"""The base points over which dimensions are ranked; the same ones whatever is explored."""


class By(Enum):
    """How directions are found and ranked."""

    CHANGE = "change"
    FACTORISE = "factorise"


@with_generator_options
def explore(
    target: Target = None,
    *,
    by: Annotated[
        By,
        typer.Option(
            help="change: the dimensions of the latents, by how much each changes the image. "
            "factorise: directions from the weights of the first layer (SeFa), or of all "
            "layers that read a style."
        ),
    ] = By.CHANGE,
    dimension: Annotated[
        list[int] | None,
        typer.Option(
            min=0,
            help="Explore this dimension, or the direction of this rank, from 0; may be repeated.",
            show_default="the strongest",
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="How many of the strongest.")] = 5,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            max=2**63 - 1,
            help="Where to stand: the first image that `ganterm sample` draws with this seed.",
        ),
    ] = 0,
    start: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.npy", help="Stand at the first vector in this file."),
    ] = None,
    steps: Annotated[int, typer.Option(min=2, max=200, help="Images in a row.")] = 9,
    span: Annotated[
        float, typer.Option(min=0.01, max=100.0, help="How far to go, to both sides of 0.")
    ] = 3.0,
    truncation: Truncation = 1.0,
    of_class: OneClass = None,
    as_json: AsJson = False,
    given: Given,
) -> None:
    """Move along one direction of the latent space at a time, the most telling ones first.

    A row for each direction, from -SPAN to SPAN along it, with all others as in the base image.
    """
    delivery = given.delivery()
    opened = given.open(target)
    opened.stand_for(of_class)
    opened.needs_images("explore")
    import torch  # noqa: PLC0415

    from ganterm.inference.space import truncated  # noqa: PLC0415

    base = _base(opened, seed, start, by)
    ranking = _ranked(opened, by, span)
    chosen = _chosen(ranking, dimension, top)
    values = torch.linspace(-span, span, steps)
    way = _ways(opened, base, ranking.directions[chosen], values)
    images = rendered(opened, truncated(opened.trained.generator, way, truncation))
    what = "dimension" if by is By.CHANGE else "direction"
    whose = f"seed {seed}" if start is None else str(start)
    if as_json:
        emit_json(_as_json(ranking, by))
    else:
        say(f"{plural(len(chosen), what)} of {opened.title}, -{span:g} to {span:g}, {whose}.")
        if given.output != "-":
            write_lines(_bars(ranking, chosen, what, delivery.canvas.charset))
    if not (as_json and given.output is None):
        delivery.deliver(images, columns=steps, rows_left=len(chosen))


def _base(opened: OpenedGenerator, seed: int, start: Path | None, by: By) -> torch.Tensor:
    """Return the point (...) to stand at: styles where directions are those of styles."""
    from ganterm.inference.directions import frame_of  # noqa: PLC0415
    from ganterm.inference.sample import latent_of  # noqa: PLC0415
    from ganterm.inference.space import load_points  # noqa: PLC0415

    generator = opened.trained.generator
    point = latent_of(seed, generator.z_dim)
    if start is not None:
        point = load_points(start, generator)[0]
    if point.dim() > 1:
        if by is By.CHANGE:
            raise ConfigError(
                f"{start} holds styles, which have no dimensions of latents; add --by factorise."
            )
        return point
    return frame_of(generator).of(point, generator.default_class) if by is By.FACTORISE else point


def _ways(
    opened: OpenedGenerator, base: torch.Tensor, directions: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Return the points (K * T, ...) at the values (T,) along each direction (K, d).

    Of styles a value is in standard deviations from their mean, as latents are by themselves.
    """
    import torch  # noqa: PLC0415

    from ganterm.inference.directions import Axes, LatentFrame, frame_of  # noqa: PLC0415

    generator = opened.trained.generator
    axes = Axes(LatentFrame(generator) if base.dim() == 1 else frame_of(generator), directions)
    places = [(number, value) for number in range(len(axes)) for value in values.tolist()]
    return torch.stack([axes.moved(base, number, value) for number, value in places])


def _ranked(opened: OpenedGenerator, by: By, span: float) -> Ranking:
    """Find the directions, telling how far that is: a large generator takes a while."""
    from ganterm.inference.directions import BASES, LatentFrame, frame_of, rank_dimensions  # noqa: PLC0415
    from ganterm.inference.sample import latents, one_thread  # noqa: PLC0415

    generator = opened.trained.generator
    if by is By.FACTORISE:
        return frame_of(generator).strongest()
    bases = latents(BASES, generator.z_dim, seed=_RANKING_SEED)
    ranking = rank_dimensions(
        generator, LatentFrame(generator), bases, generator.default_class, span=span
    )
    with one_thread(), ProgressReporter() as progress:
        while True:
            try:
                done, total = next(ranking)
            except StopIteration as end:
                found: Ranking = end.value
                return found
            progress("Ranking the dimensions", done, total, "dimensions")


def _chosen(ranking: Ranking, named: list[int] | None, top: int) -> list[int]:
    """Return the ranks of the directions to explore."""
    count = len(ranking.directions)
    if named is None:
        return list(range(min(top, count)))
    for number in named:
        if number >= count:
            raise ConfigError(f"There is no dimension {number}; they are 0 to {count - 1}.")
    if ranking.dimensions is None:
        return named
    return [ranking.dimensions.index(number) for number in named]


def _bars(ranking: Ranking, chosen: list[int], what: str, charset: Charset) -> Iterator[str]:
    """Draw a bar for the strength of each direction that is shown, in the order of the rows."""
    strongest = max(float(ranking.strengths[0]), 1e-12)
    numbers = ranking.dimensions or range(len(ranking.directions))
    names = [str(numbers[index]) for index in chosen]
    width = max(map(len, names))
    for name, index in zip(names, chosen, strict=True):
        strength = float(ranking.strengths[index])
        drawn = bar(strength / strongest, _BAR, charset=charset)
        yield f"{what} {name:>{width}}  {drawn} {strength:.4g}"


def _as_json(ranking: Ranking, by: By) -> dict[str, object]:
    dimensions = ranking.dimensions or range(len(ranking.strengths))
    return {
        "by": by.value,
        "directions": [
            {"number": number, "strength": strength}
            for number, strength in zip(dimensions, ranking.strengths.tolist(), strict=True)
        ],
    }
