"""The sample grids of a run that is followed, as lines."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ganterm.core.errors import GantermError
from ganterm.render.byclass import draw_by_class, in_turn
from ganterm.render.colour import Canvas
from ganterm.render.sheet import load_sheet, rows_of_sheet
from ganterm.render.show import draw_many


class DrawnSheet(NamedTuple):
    """A drawing, and in words what is where in it, if that is not plain."""

    lines: list[str]
    where: str


def drawn_sheet(
    path: Path, canvas: Canvas, images: int, *, sparing: bool = False
) -> DrawnSheet | None:
    """Draw what fits of a sample grid, at most so many of its images; `sparing` as for `draw`.

    None where it was deleted meanwhile; a preview is not worth a word.
    """
    try:
        rasters, classes = load_sheet(path), rows_of_sheet(path)
    except GantermError:
        return None
    by_class = draw_by_class(rasters, classes, canvas, sparing=sparing) if classes else None
    if by_class is not None:
        return DrawnSheet(by_class.lines, by_class.where)
    if classes:
        rasters = [rasters[index] for index in in_turn(len(classes), len(rasters))]
    lines, _ = draw_many(rasters[:images], canvas, scroll=False, sparing=sparing)
    return DrawnSheet(lines, "")
