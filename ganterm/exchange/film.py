"""A film of a run's training: its sample grids, one after the other."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from ganterm.core.errors import DataError
from ganterm.render.animation import enlargement, save_animation
from ganterm.render.png import load_image
from ganterm.render.raster import Raster
from ganterm.render.text import safe_text
from ganterm.runs.layout import RunDir, sample_grids

Item = TypeVar("Item")

HEIGHT = 18
"""Pixels that a caption adds below."""

_LEFT, _TOP, _INK = 4, 2, 200


def captioned(picture: Raster, text: str) -> Raster:
    """Return the picture with `text` in grey on black below it; what is too long is cut off."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415

    strip = Image.new("L", (picture.width, HEIGHT))
    ImageDraw.Draw(strip).text(
        (_LEFT, _TOP), safe_text(text), fill=_INK, font=ImageFont.load_default(12)
    )
    below = Raster(picture.width, HEIGHT, 1, strip.tobytes())
    picture = picture.opaque()
    if picture.channels == 3:
        below = below.to_rgb()
    return Raster(
        picture.width, picture.height + HEIGHT, picture.channels, picture.pixels + below.pixels
    )


MAX_FRAMES: Final = 1000
"""Of more sample grids as many are taken, evenly spread, the first and the last among them."""


@dataclass(frozen=True)
class Film:
    """Equally large frames, and the step that each shows."""

    frames: list[Raster]
    steps: list[int]
    notes: tuple[str, ...] = ()
    """What was left out, a sentence each; they hold foreign text."""


def film_of(run: RunDir, *, scale: int | None = None, captions: bool = True) -> Film:
    """Return the sample grids of `run` as a film, in the order of their steps.

    `scale` enlarges every pixel so many times, by default so that a small grid can be seen.
    `captions` write the step under each frame. Grids that cannot be read, or are not as large as
    the last one or a whole fraction of it, are left out with a word.

    Raises `DataError` where there are fewer than two to show.
    """
    found = sample_grids(run)
    taken = spread(found)
    notes: list[str] = []
    if len(taken) < len(found):
        notes.append(f"{len(taken)} of {len(found)} sample grids are shown, evenly spread.")
    loaded: list[tuple[int, Raster]] = []
    for step, path in taken:
        try:
            loaded.append((step, load_image(path, follow=False)))
        except DataError as error:
            notes.append(f"Left out: {error}")
    if loaded:
        last = loaded[-1][1]
        fitting = [(step, fit) for step, grid in loaded if (fit := _fitted(grid, last)) is not None]
        if len(fitting) < len(loaded):
            others = len(loaded) - len(fitting)
            notes.append(f"{others} of the sample grids are of another size and left out.")
        loaded = fitting
    if len(loaded) < 2:
        raise DataError(
            f"{run.name} has {len(loaded)} sample grids to show, and a film takes two; train on, "
            "or sample more often (sample_every)."
        )
    times = scale or enlargement(loaded[-1][1].width)
    frames = [_finished(grid, times, step if captions else None) for step, grid in loaded]
    return Film(frames, [step for step, _ in loaded], tuple(notes))


def encode_film(film: Film, kind: str, *, fps: float, hold: float) -> bytes:
    """Return the film as the bytes of a file; `kind` is .gif, .apng or .webp.

    The last frame stays `hold` seconds longer. Raises `ConfigError` for a rate that cannot be.
    """
    buffer = io.BytesIO()
    save_animation(film.frames, buffer, fps=fps, hold=hold, kind=kind)
    return buffer.getvalue()


def spread(found: Sequence[tuple[int, Item]]) -> list[tuple[int, Item]]:
    """Return at most `MAX_FRAMES` of what there is by step, evenly spread."""
    if len(found) <= MAX_FRAMES:
        return list(found)
    last = len(found) - 1
    return [found[index * last // (MAX_FRAMES - 1)] for index in range(MAX_FRAMES)]


def _fitted(grid: Raster, last: Raster) -> Raster | None:
    """Return a grid as large as the last: one of a lower resolution is enlarged."""
    if (grid.width, grid.height) == (last.width, last.height):
        return grid
    times, rest = divmod(last.width, grid.width)
    if rest or times < 1 or grid.height * times != last.height:
        return None
    return grid.scale(last.width, last.height)


def _finished(grid: Raster, times: int, step: int | None) -> Raster:
    large = grid.scale(grid.width * times, grid.height * times)
    return large if step is None else captioned(large, f"step {step:,}")
