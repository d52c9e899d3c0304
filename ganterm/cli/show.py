"""`ganterm show`: the quick look at pictures, where the files are."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganterm.cli.console import emit_json, write_lines
from ganterm.cli.narrate import say
from ganterm.cli.options import AsJson, Characters, Color, RunsDir
from ganterm.client.pictures import open_pictures
from ganterm.core.errors import GantermError
from ganterm.render.byclass import draw_by_class, row_words
from ganterm.render.colour import canvas_of
from ganterm.render.show import draw_many, draw_page

if TYPE_CHECKING:
    from pathlib import Path

    from ganterm.client.pictures import PictureSet
    from ganterm.render.colour import Canvas

_TEXT_ROWS = 2
"""Rows of the screen left to the title and to the prompt that follows."""


def show(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Images, .npy arrays, sample grids or checkpoints; also runs, by name or path, "
            "and folders of images or checkpoints.",
        ),
    ],
    *,
    columns: Annotated[
        int | None, typer.Option(min=1, help="Images in a row.", show_default="what fits")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Draw every image, even if the screen has to scroll.")
    ] = False,
    color: Color = None,
    charset: Characters = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> None:
    """Draw pictures in the terminal, as large as they fit: the quick look on a remote machine.

    Of a run, its newest sample grid is drawn; of a checkpoint, its preview. Grids that ganterm
    made are taken apart and laid out anew for the screen.
    """
    canvas = canvas_of(sys.stdout, colour=color, charset=charset)
    screen = replace(canvas, rows=max(canvas.rows - _TEXT_ROWS, 1))
    opened: list[PictureSet] = []
    trouble: list[GantermError] = []
    for name in files:
        pictures = _opened(name, runs_dir, trouble)
        if pictures is None:
            continue
        for note in pictures.notes:
            say(note)
        opened.append(pictures)
        if not as_json:
            _draw(pictures, screen, columns=columns, every=every, titled=len(files) > 1)
    if as_json:
        emit_json([_described(pictures) for pictures in opened])
    if trouble:
        raise typer.Exit(max(error.exit_code for error in trouble))


def _opened(name: str, runs_dir: Path | None, trouble: list[GantermError]) -> PictureSet | None:
    """Open what `name` means; one bad file must not keep the others from being shown."""
    try:
        return open_pictures(name, runs_dir)
    except GantermError as error:
        say(f"ganterm: {error}")
        trouble.append(error)
        return None


def _draw(
    pictures: PictureSet, screen: Canvas, *, columns: int | None, every: bool, titled: bool
) -> None:
    count = len(pictures.rasters)
    lines, shown, where = _laid_out(pictures, screen, columns=columns, every=every)
    left_out = f", of which {shown} fit; --all draws every one" if shown < count else ""
    # A lone picture says enough by itself, unless there is more to know than can be seen.
    if titled or pictures.kind != "image":
        say(f"{pictures.title}{where}{left_out}.")
    write_lines(lines)


def _laid_out(
    pictures: PictureSet, screen: Canvas, *, columns: int | None, every: bool
) -> tuple[list[str], int, str]:
    """Return the drawing's lines, how many pictures it shows, and what is where, if it has order.

    Pictures of several classes have a row for each, or where more fit so a column.
    """
    classes, count, where = pictures.classes, len(pictures.rasters), ""
    to_screen = sys.stdout.isatty()
    if classes and columns is None:
        drawn = draw_by_class(pictures.rasters, classes, screen) if to_screen else None
        if drawn is not None and not every:
            return drawn.lines, drawn.shown, f", {drawn.where}"
        columns, where = count // len(classes), f", {row_words(classes)}"
    if to_screen:
        lines, shown = draw_many(pictures.rasters, screen, columns=columns, scroll=every)
        return lines, shown, where
    return draw_page(pictures.rasters, screen, columns=columns), count, where


def _described(pictures: PictureSet) -> dict[str, Any]:
    first = pictures.rasters[0]
    return {
        "path": str(pictures.path),
        "kind": pictures.kind,
        "step": pictures.step,
        "images": len(pictures.rasters),
        "width": first.width,
        "height": first.height,
        "channels": first.channels,
        **({"classes": list(pictures.classes)} if pictures.classes else {}),
    }
