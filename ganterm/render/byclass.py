"""Pictures of several classes laid out so that each class has a row, or a column, of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.halfblock import draw
from ganterm.render.layout import LEGIBLE, LEGIBLE_IN_CHARACTERS, GridFit, arrange, smallest_side
from ganterm.render.raster import Raster

_ENOUGH = 2
"""Images of each class that are worth more than larger ones."""
_LARGE = 28
"""Width in pixels from which more images are worth more than larger ones."""
_NAMED = 12
"""Classes that are named one by one."""


@dataclass(frozen=True)
class ByClass:
    """Which images are shown where."""

    fit: GridFit
    order: tuple[int, ...]
    """Index of the image at each place of the grid, row by row."""
    abreast: int
    """Classes in each row of the grid: 1, all of them, which is a column each, or some in turn."""

    def words(self, names: Sequence[str]) -> str:
        """Say in which order the classes, called `names`, stand."""
        if self.abreast == 1:
            return row_words(names)
        if self.abreast == len(names):
            return f"a column each of {_listed(names)}"
        return f"classes {_listed(names)} in turn"


def row_words(names: Sequence[str]) -> str:
    """Say in which order classes stand that have a row each, as in a sheet."""
    return f"a row each of {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{names[0]} to {names[-1]}"


def fit_by_class(
    classes: int, count: int, image_w: int, image_h: int, canvas: Canvas, *, largest: int = 8
) -> ByClass | None:
    """Lay out `count` images, as many of each class after the other, for a screen.

    Each class has a row or else a column; where there is room for neither, equally many stand in
    each row, in turn, or at least one of each in as many rows as it takes. Two of each class come
    before larger images, and these, up to the size of a digit, before more of them. Images are
    enlarged by whole numbers up to `largest`, and keep their proportions. None where there is no
    room for one legible image of each class.
    """
    characters = canvas.charset is Charset.ASCII or canvas.colour is ColourMode.NONE
    longest = max(image_w, image_h)
    floor = smallest_side(image_w, image_h, LEGIBLE_IN_CHARACTERS if characters else LEGIBLE)
    sides = [longest * factor for factor in range(largest, 1, -1)]
    sides += range(longest, floor - 1, -1)
    each = count // classes
    even = [number for number in range(2, classes) if classes % number == 0]
    # One of each at least, where the last row may be shorter than the others.
    uneven = [number for number in range(2, classes) if classes % number]
    for choices in ((1, classes), even, uneven):
        found = [
            fit
            for side in sides
            for fit in _fits(side, (image_w, image_h), canvas, choices, (classes, each))
        ]
        if found:
            # Of equals the first: the larger images, rows before columns.
            few, abreast, fit = max(
                found, key=lambda it: (min(it[0], _ENOUGH), min(it[2].width, _LARGE), it[0])
            )
            order = range(count) if abreast == 1 else in_turn(classes, count)
            chosen = [i for i in order if i % each < few]
            return ByClass(fit, tuple(chosen), abreast)
    return None


def _fits(
    side: int,
    image: tuple[int, int],
    canvas: Canvas,
    choices: Iterable[int],
    counts: tuple[int, int],
) -> Iterable[tuple[int, int, GridFit]]:
    """Yield images of each class, classes abreast and the grid of what fits at `side` pixels.

    `counts` are the classes, and the images that there are of each.
    """
    longest, (classes, each) = max(image), counts
    padding = 2 if side >= longest else 1
    width, height = (max(1, round(edge * side / longest)) for edge in image)
    across = (canvas.columns + padding) // (width + padding)
    down = (2 * canvas.rows + padding) // (height + padding)
    for abreast in choices:
        lines = -(-classes // abreast)
        few = min(across if abreast == 1 else down // lines, each)
        if classes % abreast:
            few = min(few, 1)
        columns = few if abreast == 1 else abreast
        rows = lines if abreast == 1 else few * lines
        if few >= 1 and columns <= across and rows <= down:
            grid = columns, rows, classes * few
            yield few, abreast, GridFit(*grid, width, height, padding, side // longest)


@dataclass(frozen=True)
class Drawn:
    """A drawing, how many images it shows, and what is where in words."""

    lines: list[str]
    shown: int
    where: str


def draw_by_class(
    rasters: Sequence[Raster], names: Sequence[str], canvas: Canvas, *, sparing: bool = False
) -> Drawn | None:
    """Draw a sheet that has a row for each of `names`, which are foreign text.

    `sparing` is that of `draw`. None where the canvas has no room for one legible image of each.
    """
    first = rasters[0]
    laid = fit_by_class(len(names), len(rasters), first.width, first.height, canvas)
    if laid is None:
        return None
    shown = arrange([rasters[index] for index in laid.order], laid.fit)
    return Drawn(draw(shown, canvas, sparing=sparing), laid.fit.shown, laid.words(names))


def in_turn(classes: int, count: int) -> list[int]:
    """Return the indices of `count` images, as many of each class after the other, by turns.

    For where there is no room for a row each: the first few then show every class they can.
    """
    each = count // classes
    return [label * each + index for index in range(each) for label in range(classes)]
