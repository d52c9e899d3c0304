"""`ganterm sample`: images from a trained generator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganterm.cli.drawing import Characters, Color, plural
from ganterm.cli.forms import Form
from ganterm.cli.generating import (
    Averaged,
    Delivery,
    Device,
    FormOption,
    Fps,
    Output,
    Step,
    Target,
    Truncation,
    open_generator,
    rendered,
)
from ganterm.cli.narrate import say
from ganterm.cli.options import RunsDir

MAX_IMAGES = 100_000


def sample(
    target: Target = None,
    *,
    n: Annotated[
        int | None,
        typer.Option(
            "-n", min=1, max=MAX_IMAGES, help="How many images.", show_default="16, or all of FILE"
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(min=0, max=2**63 - 1, help="Which images: the same seed, the same bytes."),
    ] = 0,
    latent: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npy",
            help="Draw the latent vectors in this file instead of random ones.",
        ),
    ] = None,
    truncation: Truncation = 1.0,
    step: Step = None,
    ema: Averaged = None,
    output: Output = None,
    form: FormOption = None,
    columns: Annotated[
        int | None,
        typer.Option(min=1, help="Images in a row.", show_default="a square, or what fits"),
    ] = None,
    fps: Fps = 10.0,
    color: Color = None,
    charset: Characters = None,
    device: Device = "cpu",
    runs_dir: RunsDir = None,
) -> None:
    """Draw new images from a trained generator, in the terminal or to a file.

    The same seed and checkpoint give the same images on the same machine, wherever they were
    trained.
    """
    from ganterm.cli.waiting import Waiting  # noqa: PLC0415

    delivery = Delivery.choose(form, output, colour=color, charset=charset)
    opened = open_generator(target, runs_dir, step=step, ema=ema, device=device)
    from ganterm.cli.latentfiles import load_points  # noqa: PLC0415
    from ganterm.latent.sample import latents  # noqa: PLC0415
    from ganterm.latent.space import truncated  # noqa: PLC0415

    generator = opened.trained.generator
    if latent is None:
        points, whose = latents(n or 16, generator.z_dim, seed=seed), f"seed {seed}"
    else:
        points, whose = load_points(latent, opened.trained)[:n], str(latent)
    with Waiting(f"Generating {plural(len(points), 'image')}"):
        images = rendered(
            opened,
            truncated(generator, points, truncation),
            as_array=delivery.form is Form.NPY,
        )
    cut = "" if truncation == 1 else f", truncation {truncation:g}"
    say(f"{plural(len(points), 'image')} of {opened.title}, {whose}{cut}.")
    delivery.deliver(images, columns=columns, fps=fps)
