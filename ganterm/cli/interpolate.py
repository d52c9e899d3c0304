"""`ganterm interpolate`: ways between latent points, as rows of images or as a film."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganterm.cli.follow.follower import Keyboard
from ganterm.cli.generating import (
    Fps,
    Given,
    OneClass,
    OpenedGenerator,
    Seeds,
    Target,
    Truncation,
    rendered,
    with_generator_options,
)
from ganterm.cli.inplace import InPlace, hidden_cursor
from ganterm.cli.narrate import Waiting, say
from ganterm.cli.outputs import OutputForm, rasters_of
from ganterm.core.errors import ConfigError
from ganterm.render.colour import Canvas, canvas_of, moves_cursor, over_ssh
from ganterm.render.raster import Raster
from ganterm.render.show import draw_many
from ganterm.render.words import plural

if TYPE_CHECKING:
    import torch

_STEPS, _FILM_STEPS, _POINT_STEPS = 10, 24, 200
"""Steps from one point to the next: images in a row, frames of a film, points of a scatter."""
_SEEDS, _LOOP_SEEDS = (0, 1), (0, 1, 2, 3)
MAX_IMAGES = 20_000
"""Images of one walk at most."""


@with_generator_options
def interpolate(
    target: Target = None,
    *,
    seed: Seeds = None,
    start: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="FILE.npy",
            help="Go through the latent vectors in this file, before the seeds; may be repeated.",
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=1000,
            help="Images from one point to the next, with both ends.",
            show_default=f"{_STEPS}, of a film {_FILM_STEPS}",
        ),
    ] = None,
    is_spherical: Annotated[
        bool | None,
        typer.Option(
            "--spherical/--linear",
            help="Go along the sphere on which latents lie, or straight; a style generator goes "
            "straight through its styles.",
            show_default="spherical, between styles linear",
        ),
    ] = None,
    is_loop: Annotated[
        bool,
        typer.Option(
            "--loop",
            help="Go back to the first point: a film without end, in the terminal until Ctrl-C, "
            "or in a GIF, APNG or WebP file.",
        ),
    ] = False,
    fps: Fps = 12.0,
    truncation: Truncation = 1.0,
    of_class: OneClass = None,
    given: Given,
) -> None:
    """Walk between images of a trained generator: a row from each point to the next, or a film.

    By default from seed 0 to seed 1. Of a laboratory run the walk is drawn over its points.
    """
    delivery = given.delivery()
    is_played = is_loop and delivery.is_drawn
    if is_played and not moves_cursor(sys.stdout):
        what = f"TERM={os.environ.get('TERM', '')}" if sys.stdout.isatty() else "standard output"
        raise ConfigError(
            f"--loop plays in a terminal that can draw over what it shows, and {what} is none; "
            "write a film with -o FILE.gif."
        )
    opened = given.open(target)
    opened.stand_for(of_class)
    of_points = opened.trained.data.is_points
    if of_points and (is_loop or delivery.is_film):
        opened.needs_images("film")
    if is_spherical is None:
        is_spherical = opened.style_generator is None
    points = _points(opened, seed, start, is_loop=is_loop, is_spherical=is_spherical)
    if steps is None:
        is_film = is_loop or delivery.is_film
        steps = _POINT_STEPS if of_points else _FILM_STEPS if is_film else _STEPS
    if len(points) * steps > MAX_IMAGES:
        raise ConfigError(
            f"{len(points)} points with {steps} steps between them are more than {MAX_IMAGES:,} "
            "images; lower --steps."
        )
    way = _way(points, steps, is_spherical=is_spherical, is_loop=is_loop, is_film=delivery.is_film)
    with Waiting(f"Generating {plural(len(way), 'image')}"):
        from ganterm.inference.space import truncated  # noqa: PLC0415

        images = rendered(
            opened,
            truncated(opened.trained.generator, way, truncation),
            as_array=delivery.form is OutputForm.NPY,
        )
    how = "spherical" if is_spherical else "linear"
    say(f"{plural(len(way), 'step')} of {opened.title}, {how}, through {len(points)} points.")
    if is_played:
        play(rasters_of(images), delivery.canvas, fps=fps)
        return
    delivery.deliver(images, columns=min(steps, len(images)), fps=fps)


def _points(
    opened: OpenedGenerator,
    seeds: list[int] | None,
    files: list[Path] | None,
    *,
    is_loop: bool,
    is_spherical: bool,
) -> torch.Tensor:
    """Return the points (K, ...) to walk through, K >= 2: those of the files, then the seeds.

    Of a style generator they are styles, unless the way is along the sphere of latents.
    """
    import torch  # noqa: PLC0415

    from ganterm.inference.sample import latent_of  # noqa: PLC0415
    from ganterm.inference.space import are_styles, load_points, styles_of  # noqa: PLC0415

    generator = opened.trained.generator
    parts = [load_points(path, generator) for path in files or []]
    found = sum(map(len, parts))
    if seeds is None:
        usual = _LOOP_SEEDS if is_loop else _SEEDS
        seeds = list(usual if not found else usual[:1] if found == 1 else ())
    if found + len(seeds) < 2:
        raise ConfigError("A walk needs two points; give --seed twice, or --from and --seed.")
    parts += [latent_of(seed, generator.z_dim)[None] for seed in seeds]
    if is_spherical:
        if any(map(are_styles, parts)):
            raise ConfigError("Styles lie on no sphere to walk along; leave --spherical out.")
        return torch.cat(parts)
    if styled := opened.style_generator:
        with torch.no_grad():
            parts = [styles_of(styled, part).cpu() for part in parts]
    return torch.cat(parts)


def _way(
    points: torch.Tensor, steps: int, *, is_spherical: bool, is_loop: bool, is_film: bool
) -> torch.Tensor:
    """Return the points (N, ...) of the whole walk."""
    import torch  # noqa: PLC0415

    from ganterm.inference.interpolation import linear, loop, spherical, walk  # noqa: PLC0415

    between = spherical if is_spherical else linear
    if is_loop:
        return loop(points, steps, between)
    legs = walk(points, steps, between)
    if is_film:
        # A point where two legs meet is one frame, lest the film halt there.
        return torch.cat([legs[0], legs[1:, 1:].flatten(0, 1)])
    return legs.flatten(0, 1)


_TEXT_ROWS = 3
"""Rows of the screen left to the title, the hint and the prompt that follows."""


def play(frames: Sequence[Raster], canvas: Canvas, *, fps: float) -> None:
    """Draw equally large frames in turn on standard output, which must be a terminal.

    Returns when q or Ctrl-C is pressed; the last frame stays, and the cursor is back. A terminal
    that changes its size is drawn on anew.
    """
    say("q or Ctrl-C ends the film.")
    with _interruptible(), hidden_cursor(sys.stdout), Keyboard() as keyboard:
        screen = _Screen(frames, canvas)
        due = time.monotonic()
        number = -1
        with _interruptible():
            while True:
                number = (number + 1) % len(frames)
                screen.show(number, sparing=over_ssh(os.environ))
                due = max(due + 1 / fps, time.monotonic())
                if "q" in keyboard.poll(max(due - time.monotonic(), 0.0)).lower():
                    break
        screen.show(max(number, 0))


class _Screen:
    """Draws one frame over another, as large as the terminal allows."""

    def __init__(self, frames: Sequence[Raster], canvas: Canvas) -> None:
        self._frames = frames
        self._canvas = canvas
        self._drawn: dict[tuple[int, bool], list[str]] = {}
        self._place = InPlace(sys.stdout)

    def show(self, index: int, *, sparing: bool = False) -> None:
        """Show a frame below what stands on the screen, or in place of the one before.

        `sparing` is that of `ganterm.render.halfblock.draw`.
        """
        now = canvas_of(sys.stdout, colour=self._canvas.colour, charset=self._canvas.charset)
        if (now.columns, now.rows) != (self._canvas.columns, self._canvas.rows):
            self._canvas, self._drawn = now, {}
            self._place.begin_anew()
        if (index, sparing) not in self._drawn:
            columns, rows = self._canvas.columns - 1, self._canvas.rows - _TEXT_ROWS
            canvas = replace(self._canvas, columns=max(columns, 1), rows=max(rows, 1))
            self._drawn[index, sparing] = draw_many(
                [self._frames[index]], canvas, scroll=False, sparing=sparing
            )[0]
        self._place.draw(self._drawn[index, sparing])


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end what is within, as the way to end it that it is."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGINT, before)
