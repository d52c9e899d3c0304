"""Many pictures drawn at once, as large as the terminal allows."""

from collections.abc import Sequence

from ganterm.render.colour import Canvas
from ganterm.render.halfblock import draw
from ganterm.render.layout import GridFit, arrange, fit_canvas, fit_columns
from ganterm.render.raster import Raster


def draw_many(
    rasters: Sequence[Raster],
    canvas: Canvas,
    *,
    columns: int | None = None,
    scroll: bool = True,
    levels: int | None = None,
) -> tuple[list[str], int]:
    """Draw equally large rasters as a grid; return its lines and how many rasters it shows.

    They fill the canvas where all of them have room on it in full. Where not, `scroll` draws all
    of them, as they are, on more lines than the canvas has; without it they are reduced and, if
    that would make them illegible, only the first are drawn. `columns` fixes how many stand in a
    row, and then all are drawn. The lines have no line feeds; `levels` is that of `draw`. No
    rasters give no lines. Raises ValueError if sizes differ.
    """
    if not rasters:
        return [], 0
    fit = _fit(len(rasters), rasters[0], canvas, columns, scroll=scroll)
    return draw(arrange(rasters, fit), canvas, levels=levels), fit.shown


def _fit(
    count: int, first: Raster, canvas: Canvas, columns: int | None, *, scroll: bool
) -> GridFit:
    image = first.width, first.height
    if columns is not None:
        return fit_columns(count, *image, canvas, columns)
    fit = fit_canvas(count, *image, canvas)
    if not scroll or (fit.shown == count and fit.enlarged):
        return fit
    return fit_canvas(count, *image, canvas, scroll=True, largest=1)
