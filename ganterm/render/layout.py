"""How many images, and how large, go into the space at hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.raster import Raster, grid

LEGIBLE = 12
"""Side in pixels below which a 28x28 digit, reduced to it, is no longer read at a glance."""

LEGIBLE_IN_CHARACTERS = 20
"""The same where characters stand for brightness."""

_LONGEST = 4096
"""Pixels of an image that are drawn at most, along and across."""
_SHARE = 0.4
_RECOGNISABLE = 32
"""Larger pictures show more than a digit: so much of their side is legible, or so many pixels."""


_ABREAST = (4, 3, 2, 1)
"""How many images should stand beside each other where rows are unlimited, best first."""


@dataclass(frozen=True, slots=True)
class GridFit:
    """A grid of `shown` images in rows of `columns`, `width` x `height` pixels, `padding` apart.

    `enlarged` is the whole number by which the images are enlarged: 1 if they are drawn as they
    are, 0 if they are reduced.
    """

    columns: int
    rows: int
    shown: int
    width: int
    height: int
    padding: int
    enlarged: int


def fit_grid(
    count: int,
    image_w: int,
    image_h: int,
    columns_available: int,
    rows_available: int | None = None,
    *,
    padding: int = 2,
    legible: int = LEGIBLE,
    largest: int = 8,
) -> GridFit:
    """Choose the grid that shows most of `count` images, and those as large as the space allows.

    The space is in terminal cells, each one pixel wide and two high; `rows_available` None means
    that output may scroll. Enlarging is by whole numbers up to `largest`. Images are reduced when
    more of them can be seen for it, but none further than to `smallest_side`, unless not even one
    image has room otherwise. Reduced images stand at most one pixel apart.

    With unlimited rows all images are shown: as they are or enlarged if four or all of them go
    beside each other, and reduced only as far as that takes; where four would be illegible, fewer
    stand in a row. Raises ValueError if a size is below 1.
    """
    if min(count, image_w, image_h, columns_available) < 1:
        raise ValueError("a grid needs at least one image, one pixel and one cell")
    image_w, image_h = _drawable(image_w, image_h)
    high = None if rows_available is None else 2 * max(rows_available, 1)
    longest = max(image_w, image_h)
    floor = smallest_side(image_w, image_h, legible)
    sides = [longest * factor for factor in range(largest, 1, -1)]
    sides += range(longest, floor - 1, -1)
    image, space = (image_w, image_h), (columns_available, high)
    best: GridFit | None = None
    for abreast in _ABREAST if high is None else (1,):
        for side in sides:
            fit = _at_side(side, count, image, space, padding, abreast=min(abreast, count))
            if fit is not None and (best is None or fit.shown > best.shown):
                best = fit
            if best is not None and best.shown == count:
                return best
    if best is not None:
        return best
    few = count if high is None else 1
    for side in range(floor - 1, 0, -1):
        fit = _at_side(side, few, image, space, padding, abreast=1)
        if fit is not None:
            return fit
    return GridFit(1, 1, 1, 1, 1, padding, 0)


def _drawable(width: int, height: int) -> tuple[int, int]:
    """Return the size of an image, reduced where no page has so many lines or columns."""
    longest = max(width, height)
    if longest <= _LONGEST:
        return width, height
    return max(width * _LONGEST // longest, 1), max(height * _LONGEST // longest, 1)


def smallest_side(image_w: int, image_h: int, legible: int = LEGIBLE) -> int:
    """Return to how many pixels the longer side of an image can be reduced and still be legible.

    `legible` is what the shorter side of a digit needs; that of a picture keeps two fifths of its
    pixels, or 32.
    """
    shortest, longest = sorted((image_w, image_h))
    kept = max(legible, min(round(_SHARE * shortest), _RECOGNISABLE))
    return min(kept * longest // shortest, longest)


def fit_canvas(
    count: int,
    image_w: int,
    image_h: int,
    canvas: Canvas,
    *,
    scroll: bool = False,
    padding: int = 2,
    largest: int = 8,
) -> GridFit:
    """Choose the grid for `canvas`: `fit_grid` with what is legible there; see `arrange`.

    Where characters stand for brightness, images stay larger, and those of less than 16 pixels are
    drawn twice as large at least. `scroll` frees the output from the height of the canvas.
    """
    rows = None if scroll else canvas.rows
    if canvas.charset is not Charset.ASCII and canvas.colour is not ColourMode.NONE:
        return fit_grid(
            count, image_w, image_h, canvas.columns, rows, padding=padding, largest=largest
        )
    twice = 2 if max(image_w, image_h) < 16 else 1
    fit = fit_grid(
        count,
        twice * image_w,
        twice * image_h,
        canvas.columns,
        rows,
        padding=padding,
        legible=LEGIBLE_IN_CHARACTERS,
        largest=max(largest // twice, 1),
    )
    return replace(fit, enlarged=twice * fit.enlarged)


def fit_columns(
    count: int, image_w: int, image_h: int, canvas: Canvas, columns: int, *, padding: int = 2
) -> GridFit:
    """Choose the size of all of `count` images in rows of `columns`, as many as the caller wants.

    Images are enlarged, by whole numbers up to 8, as long as all of them stay on the canvas, and
    reduced as far as the width asks for; the output may scroll. Where the width has no pixel for
    each column, there are fewer columns. Raises ValueError if a size is below 1.
    """
    if min(count, image_w, image_h, columns) < 1:
        raise ValueError("a grid needs at least one image, one pixel and one column")
    image_w, image_h = _drawable(image_w, image_h)
    columns = min(columns, count, (canvas.columns + 1) // 2)
    rows = -(-count // columns)
    longest = max(image_w, image_h)
    tried = [(side, padding) for side in range(8 * longest, 0, -longest)]
    tried += [(side, min(padding, 1)) for side in range(longest, 0, -1)]
    for side, gap in tried:
        width, height = (max(1, round(edge * side / longest)) for edge in (image_w, image_h))
        wide, high = columns * (width + gap) - gap, rows * (height + gap) - gap
        if wide <= canvas.columns and (side <= longest or high <= 2 * canvas.rows):
            break
    return GridFit(columns, rows, count, width, height, gap, side // longest)


def _at_side(
    side: int,
    count: int,
    image: tuple[int, int],
    space: tuple[int, int | None],
    padding: int,
    *,
    abreast: int,
) -> GridFit | None:
    """Return the grid of images with `side` pixels on the longer side.

    None if not even `abreast` images have room beside each other, or not one below the other.
    """
    longest = max(image)
    width, height = (max(1, round(edge * side / longest)) for edge in image)
    if side < longest:
        padding = min(padding, 1)
    columns = (space[0] + padding) // (width + padding)
    rows = count if space[1] is None else (space[1] + padding) // (height + padding)
    if columns < abreast:
        return None
    shown = min(count, columns * rows)
    if shown < 1:
        return None
    rows = -(-shown // columns)
    # An even spread: 16 images that go into 3 rows of up to 7 stand as 6, 6 and 4.
    columns = -(-shown // rows)
    return GridFit(columns, rows, shown, width, height, padding, side // longest)


def arrange(rasters: Sequence[Raster], fit: GridFit, *, background: int = 0) -> Raster:
    """Return the first `fit.shown` of the equally large rasters laid out by `fit` as one."""
    shown = (raster.opaque() for raster in rasters[: fit.shown])
    tiles = [raster.scale(fit.width, fit.height) for raster in shown]
    return grid(tiles, fit.columns, padding=fit.padding, background=background)
