"""`ganterm project`: the latent vectors whose images are nearest to real ones."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from ganterm.cli import completion
from ganterm.cli.console import emit_json, emit_lines, table
from ganterm.cli.generating import Given, OpenedGenerator, with_generator_options
from ganterm.cli.inplace import InPlace, hidden_cursor
from ganterm.cli.narrate import LINE_EVERY, say
from ganterm.cli.options import AsJson, Moved
from ganterm.cli.outputs import rasters_of, write_file
from ganterm.core.errors import ConfigError
from ganterm.render.colour import canvas_of, moves_cursor, over_ssh
from ganterm.render.curve import plot
from ganterm.render.show import draw_many
from ganterm.render.text import safe_text
from ganterm.render.words import plural

if TYPE_CHECKING:
    import torch

    from ganterm.inference.projection import ProjectedPoint, Projection, ProjectionSettings
    from ganterm.inference.targets import RealImage


@with_generator_options
def project(
    target: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run by name or path, or a checkpoint.",
            autocompletion=completion.runs,
        ),
    ],
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="IMAGE...", help="Image files to look for.", show_default=False),
    ] = None,
    *,
    test_digit: Annotated[
        list[int] | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Look for this image of the run's dataset, of the part it did not train on; may "
            "be repeated.",
        ),
    ] = None,
    invert: Annotated[
        bool, typer.Option("--invert", help="Swap black and white in the files, as of a scan.")
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npy",
            help="Write the vectors that were found, for `ganterm sample --latent` and "
            "`interpolate --from`.",
        ),
    ] = None,
    starts: Annotated[
        int, typer.Option(min=1, max=256, help="How many searches at once; the best one counts.")
    ] = 8,
    search_steps: Annotated[
        int, typer.Option("--search-steps", min=1, max=100_000, help="Steps of each search.")
    ] = 300,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Where the searches start.")] = 0,
    of_class: Annotated[
        str | None,
        typer.Option(
            "--class",
            metavar="CLASS",
            help="Which class to look in, by name or number; of a run trained on labels.",
            show_default="all",
        ),
    ] = None,
    dataset: Moved = None,
    as_json: AsJson = False,
    given: Given,
) -> None:
    """Find the latent vectors that give images as like as possible to real ones.

    Drawn are the real images and, beside or below them, what was found. The error is the mean
    squared difference of pixels in [0, 1].
    """
    if not files and not test_digit:
        raise ConfigError("There is nothing to look for; name an image file, or use --test-digit.")
    delivery = given.delivery()
    if save is not None and (save.is_dir() or not save.absolute().parent.is_dir()):
        raise ConfigError(f"--save {save} cannot be a file; name one in a directory there is.")
    opened = given.open(target)
    if of_class is not None:
        opened.stand_for(of_class)
    opened.needs_images("project")
    import torch  # noqa: PLC0415

    from ganterm.inference.projection import ProjectionSettings  # noqa: PLC0415
    from ganterm.inference.sample import to_uint8  # noqa: PLC0415
    from ganterm.inference.space import encode_points  # noqa: PLC0415
    from ganterm.inference.targets import held_out, image_files  # noqa: PLC0415

    config = opened.trained.config
    reals = image_files(files or [], config, invert=invert)
    reals += held_out(test_digit or [], config, opened.choice.path, dataset)
    for note in filter(None, (real.note for real in reals)):
        say(note)
    settings = ProjectionSettings(steps=search_steps, starts=starts, seed=seed)
    fits = _search(opened, reals, settings)
    say(f"{plural(len(fits), 'image')} projected into {opened.title}, seed {seed}.")
    if save is not None:
        write_file(save, encode_points(torch.stack([fit.point for fit in fits])))
        say(f"Wrote {save}.")
    if as_json:
        emit_json(_as_json(opened, reals, fits))
    elif given.output != "-":
        emit_lines(_table(opened, reals, fits))
    if not (as_json and given.output is None):
        found = [to_uint8(fit.image) for fit in fits]
        images = torch.stack([*(real.image for real in reals), *found]).numpy()
        # One stands beside its fit, several above theirs.
        delivery.deliver(images, columns=max(len(fits), 2), rows_left=len(fits) + 2)


def _search(
    opened: OpenedGenerator, reals: list[RealImage], settings: ProjectionSettings
) -> list[ProjectedPoint]:
    """Look for one image after another, showing how it goes."""
    from ganterm.inference.projection import Projection, candidates_of, style_candidates  # noqa: PLC0415
    from ganterm.inference.sample import one_thread  # noqa: PLC0415

    generator = opened.trained.generator
    fits = []
    with one_thread(), fit_view() as view:
        # Of a style generator styles are looked for, which come nearer than latents do.
        if styled := opened.style_generator:
            candidates = style_candidates(styled, settings)
        else:
            candidates = candidates_of(generator, settings)
        for number, real in enumerate(reals, 1):
            name = f"{real.name} ({number} of {len(reals)})" if len(reals) > 1 else real.name
            wanted = real.image.float().div(127.5).sub(1)
            projection = Projection(generator, wanted, settings, candidates=candidates)
            while not projection.over:
                projection.advance()
                view.show(name, real.image, projection)
            fits.append(projection.best)
    return fits


def _table(
    opened: OpenedGenerator, reals: list[RealImage], fits: list[ProjectedPoint]
) -> list[str]:
    """Lay out a line for each image, with the class it was found in where all were searched."""
    rows = [
        [real.name, f"{fit.error:.4f}", _class_of(opened, fit)]
        for real, fit in zip(reals, fits, strict=True)
    ]
    if len(fits) > 1:
        rows.append(["mean", f"{_mean(fits):.4f}", ""])
    columns = 2 if fits[0].label is None else 3
    return table(["IMAGE", "ERROR", "CLASS"][:columns], [row[:columns] for row in rows])


def _class_of(opened: OpenedGenerator, fit: ProjectedPoint) -> str:
    return "" if fit.label is None else opened.trained.data.classes[fit.label]


def _mean(fits: list[ProjectedPoint]) -> float:
    return sum(fit.error for fit in fits) / len(fits)


def _as_json(
    opened: OpenedGenerator, reals: list[RealImage], fits: list[ProjectedPoint]
) -> dict[str, object]:
    return {
        "images": [
            {
                "name": real.name,
                "error": fit.error,
                **({} if fit.label is None else {"class": _class_of(opened, fit)}),
            }
            for real, fit in zip(reals, fits, strict=True)
        ],
        "mean_error": _mean(fits),
    }


_PICTURE_ROWS, _CURVE_ROWS = 14, 5
_WIDEST = 80


class FitView(Protocol):
    """Shows somebody how a search goes."""

    def show(self, name: str, target: torch.Tensor, projection: Projection) -> None:
        """Show where the search for `target` (C, H, W), uint8, is; called after every step."""


@contextmanager
def fit_view() -> Iterator[FitView]:
    """Give a view that moves where standard error is a terminal, and plain lines elsewhere."""
    if not moves_cursor(sys.stderr):
        yield PlainFit()
        return
    moving = MovingFit()
    with hidden_cursor(sys.stderr):
        try:
            yield moving
        finally:
            moving.place.erase()


class PlainFit:
    """Says every few seconds how far it is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told = clock()

    def show(self, name: str, target: torch.Tensor, projection: Projection) -> None:
        """Say a line, unless one was said a moment ago."""
        now = self._clock()
        if now - self._told >= LINE_EVERY:
            self._told = now
            say(_words(name, projection))


class MovingFit:
    """Draws target and fit side by side over the curve of the error, on standard error."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.place = InPlace(sys.stderr)
        self._clock = clock
        # Over SSH every frame crosses a network; twice a second is calm and enough.
        self._remote = over_ssh(os.environ)
        self._every = 0.5 if self._remote else 0.2
        self._due = 0.0
        self._size = (0, 0)

    def show(self, name: str, target: torch.Tensor, projection: Projection) -> None:
        """Draw a frame, unless one was drawn a moment ago."""
        if self._clock() >= self._due or projection.over:
            self._draw(name, target, projection)
            # Counted from the end of the drawing, lest drawing be all that is done.
            self._due = self._clock() + self._every

    def _draw(self, name: str, target: torch.Tensor, projection: Projection) -> None:
        import torch  # noqa: PLC0415

        from ganterm.inference.sample import to_uint8  # noqa: PLC0415

        canvas = canvas_of(sys.stderr)
        if self._size not in {(0, 0), (canvas.columns, canvas.rows)}:
            self.place.begin_anew()
        self._size = canvas.columns, canvas.rows
        width = min(canvas.columns - 1, _WIDEST)
        room = canvas.rows - 3
        picture = min(_PICTURE_ROWS, room)
        rasters = rasters_of(torch.stack([target, to_uint8(projection.best.image)]).numpy())
        space = replace(canvas, columns=max(width, 1), rows=max(picture, 1))
        sparing = self._remote and not projection.over
        lines, _ = draw_many(rasters, space, columns=2, sparing=sparing)
        if len(lines) > room:
            lines = []
        if room - len(lines) >= _CURVE_ROWS and width >= 20:
            lines += plot(projection.errors, width, _CURVE_ROWS, charset=canvas.charset, low=0.0)
        self.place.draw([*lines, _words(name, projection)[: max(width, 1)]])


def _words(name: str, projection: Projection) -> str:
    return safe_text(
        f"{name}: step {projection.step} of {projection.settings.steps}, "
        f"error {projection.best.error:.4f}"
    )
