"""`ganterm sample`: images from a trained generator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganterm.cli.generating import Fps, Given, Target, Truncation, rendered, with_generator_options
from ganterm.cli.narrate import Waiting, say
from ganterm.cli.outputs import OutputForm
from ganterm.core.errors import ConfigError
from ganterm.render.words import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

MAX_IMAGES = 100_000
_USUAL = 16
_OF_EACH = 8


@with_generator_options
def sample(
    target: Target = None,
    *,
    n: Annotated[
        int | None,
        typer.Option(
            "-n",
            min=1,
            max=MAX_IMAGES,
            help="How many images; of each class, where classes are chosen.",
            show_default="16, or 8 of each of several classes, or all of FILE",
        ),
    ] = None,
    of_class: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            metavar="CLASS",
            help="A class, by name or number, or all of them; of a run trained on labels. May be "
            "repeated: several have a row each.",
            show_default="all in turn",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="Which images: the same seed, the same bytes.")
    ] = 0,
    latent: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npy", help="Draw the latent vectors in this file instead of random ones."
        ),
    ] = None,
    truncation: Truncation = 1.0,
    columns: Annotated[
        int | None,
        typer.Option(min=1, help="Images in a row.", show_default="a square, or what fits"),
    ] = None,
    fps: Fps = 10.0,
    given: Given,
) -> None:
    """Draw new images from a trained generator, in the terminal or to a file.

    The same seed and checkpoint give the same images on the same machine, wherever they were
    trained.
    """
    delivery = given.delivery()
    opened = given.open(target)
    from ganterm.inference.load import labels_of  # noqa: PLC0415
    from ganterm.inference.sample import labels_in_turn, latents  # noqa: PLC0415
    from ganterm.inference.space import load_points, truncated  # noqa: PLC0415

    generator = opened.trained.generator
    chosen = labels_of(opened.trained, of_class or [])
    if latent is None:
        each = n or (_OF_EACH if len(chosen) > 1 else _USUAL)
        points, whose = latents(each, generator.z_dim, seed=seed), f"seed {seed}"
    else:
        points, whose = load_points(latent, generator)[:n], str(latent)
    points, labels = _of_each(points, chosen)
    if len(points) > MAX_IMAGES:
        raise ConfigError(f"That makes {len(points):,} images; lower -n to {MAX_IMAGES:,} in all.")
    if labels is None:
        labels = labels_in_turn(len(points), generator.classes)
    with Waiting(f"Generating {plural(len(points), 'image')}"):
        images = rendered(
            opened,
            truncated(generator, points, truncation, labels),
            labels=labels,
            as_array=delivery.form is OutputForm.NPY,
        )
    cut = "" if truncation == 1 else f", truncation {truncation:g}"
    names = [opened.trained.data.classes[label] for label in chosen]
    what = f", class{'es' if len(names) > 1 else ''} {', '.join(names)}" if names else ""
    say(f"{plural(len(points), 'image')} of {opened.title}{what}, {whose}{cut}.")
    if len(chosen) > 1 and columns is None:
        columns = len(points) // len(chosen)
    apart = len(names) > 1 and columns is not None and columns * len(names) == len(points)
    delivery.deliver(images, columns=columns, fps=fps, rows=names if apart else ())


def _of_each(
    points: torch.Tensor, labels: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the points (N, ...) once for each of the classes, and their labels, if there are."""
    import torch  # noqa: PLC0415

    if not labels:
        return points, None
    repeated = torch.tensor(labels).repeat_interleave(len(points))
    return points.repeat(len(labels), *[1] * (points.dim() - 1)), repeated
