"""`ganterm sample`: images from a trained generator."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganterm.cli.drawing import Characters, Color, plural, write_bytes
from ganterm.cli.forms import Form
from ganterm.cli.narrate import say
from ganterm.cli.options import RunsDir

if TYPE_CHECKING:
    import numpy.typing as npt

    from ganterm.cli.checkpoints import Choice

MAX_IMAGES = 100_000

_TEXT_ROWS = 2
"""Rows of the screen left to the title and to the prompt that follows."""


def sample(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|CHECKPOINT|DIRECTORY",
            help="A run by name or path, a checkpoint, or a folder of checkpoints; by default the "
            "newest run.",
            show_default=False,
        ),
    ] = None,
    *,
    n: Annotated[int, typer.Option("-n", min=1, max=MAX_IMAGES, help="How many images.")] = 16,
    seed: Annotated[
        int,
        typer.Option(min=0, max=2**63 - 1, help="Which images: the same seed, the same bytes."),
    ] = 0,
    step: Annotated[
        int | None,
        typer.Option(
            min=0, help="The checkpoint of this step.", show_default="the newest that is whole"
        ),
    ] = None,
    ema: Annotated[
        bool | None,
        typer.Option(
            "--ema/--no-ema",
            help="Take the averaged weights, or the plain ones.",
            show_default="averaged where there are any",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where to write; - is standard output."
        ),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            help="A drawing for this terminal, a PNG grid, a directory of PNG files, a uint8 array "
            "(N, C, H, W), a drawing in colour codes, or in plain characters.",
            show_default="what FILE ends in, else term",
        ),
    ] = None,
    columns: Annotated[
        int | None,
        typer.Option(min=1, help="Images in a row.", show_default="a square, or what fits"),
    ] = None,
    color: Color = None,
    charset: Characters = None,
    device: Annotated[
        str, typer.Option(envvar="GANTERM_DEVICE", help="cpu, cuda, cuda:N, mps or auto.")
    ] = "cpu",
    runs_dir: RunsDir = None,
) -> None:
    """Draw new images from a trained generator, in the terminal or to a file.

    The same seed and checkpoint give the same images on the same machine, wherever they were
    trained.
    """
    from ganterm.cli.checkpoints import choose_checkpoint  # noqa: PLC0415
    from ganterm.cli.outputs import (  # noqa: PLC0415
        STDOUT,
        check_output,
        choose_form,
        encode,
        write_file,
        write_files,
    )
    from ganterm.render.colour import canvas_of  # noqa: PLC0415

    form = choose_form(form, output)
    check_output(form, output)
    canvas = canvas_of(sys.stdout, colour=color, charset=charset)
    choice = choose_checkpoint(target, runs_dir, step=step)
    for note in choice.notes:
        say(note)
    images, weights = _generate(choice, n, seed=seed, ema=ema, device=device, form=form)
    say(
        f"{plural(n, 'image')} of {choice.origin} at step {choice.step}, {weights} weights, "
        f"seed {seed}."
    )
    if form is Form.FILES and output is not None:
        paths = write_files(Path(output), images)
        say(f"Wrote {paths[0]} to {paths[-1].name}.")
        return
    screen = replace(canvas, rows=max(canvas.rows - _TEXT_ROWS, 1))
    data = encode(form, images, columns=columns, canvas=screen, colour=color, charset=charset)
    if output in {None, STDOUT}:
        write_bytes(data)
        return
    write_file(Path(str(output)), data)
    say(f"Wrote {output}.")


def _generate(
    choice: Choice, count: int, *, seed: int, ema: bool | None, device: str, form: Form
) -> tuple[npt.NDArray[Any], str]:
    """Return images (count, C, H, W) and which weights made them: `averaged` or `plain`.

    Points come as one scatter, or for an array as they are: float32 (count, 2).
    """
    from ganterm.cli.waiting import Waiting  # noqa: PLC0415
    from ganterm.config import parse_value  # noqa: PLC0415

    name = str(parse_value("device", device))
    with Waiting("Loading the generator"):
        from ganterm.latent.load import load_generator  # noqa: PLC0415 - imports PyTorch
        from ganterm.latent.points import generate_points, scatter_of  # noqa: PLC0415
        from ganterm.latent.sample import generate, latents  # noqa: PLC0415
        from ganterm.networks.points import PointGenerator  # noqa: PLC0415
        from ganterm.training.build import choose_device  # noqa: PLC0415

        trained = load_generator(choice.path, ema=ema, device=choose_device(name))
        z = latents(count, trained.config.z_dim, seed=seed)
    with Waiting(f"Generating {plural(count, 'image')}"):
        if isinstance(trained.generator, PointGenerator):
            points = generate_points(trained.generator, z)
            made = points if form is Form.NPY else scatter_of(points)
        else:
            made = generate(trained.generator, z)
        images: npt.NDArray[Any] = made.numpy()
    return images, "averaged" if trained.weights == "ema" else "plain"
