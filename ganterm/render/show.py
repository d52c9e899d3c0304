"""Many pictures drawn at once, as large as the terminal allows."""

from collections.abc import Sequence
from dataclasses import replace

from ganterm.render.colour import Canvas
from ganterm.render.halfblock import draw
from ganterm.render.layout import arrange, fit_canvas, fit_columns
from ganterm.render.raster import Raster


def draw_many(
    rasters: Sequence[Raster],
    canvas: Canvas,
    *,
    columns: int | None = None,
    scroll: bool = True,
    sparing: bool = False,
) -> tuple[list[str], int]:
    """Draw equally large rasters as a grid on a screen; return its lines and how many it shows.

    As many as are legible are drawn within the rows of the canvas. Where that leaves some out and
    `scroll` is true, all are drawn as `draw_page` does. `columns` fixes how many stand in a row,
    and then all are drawn. The lines have no line feeds; `sparing` is that of `draw`. No rasters
    give no lines. Raises ValueError if sizes differ.
    """
    if not rasters:
        return [], 0
    count, first = len(rasters), rasters[0]
    if columns is not None:
        fit = fit_columns(count, first.width, first.height, canvas, columns)
    else:
        fit = fit_canvas(count, first.width, first.height, canvas)
        if scroll and fit.shown < count:
            return draw_page(rasters, canvas), count
    return draw(arrange(rasters, fit), canvas, sparing=sparing), fit.shown


def draw_page(
    rasters: Sequence[Raster], canvas: Canvas, *, columns: int | None = None
) -> list[str]:
    """Draw all of the rasters, as they are, on as many lines as that takes.

    For a file, a pipe or a screen that scrolls: the rows of the canvas mean nothing. Images are
    reduced only as far as its width asks for. Otherwise this is `draw_many`.
    """
    if not rasters:
        return []
    count, first = len(rasters), rasters[0]
    if columns is not None:
        fit = fit_columns(count, first.width, first.height, replace(canvas, rows=1), columns)
    else:
        fit = fit_canvas(count, first.width, first.height, canvas, scroll=True, largest=1)
    return draw(arrange(rasters, fit), canvas)
