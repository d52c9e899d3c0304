"""Many pictures drawn at once, as large as the terminal allows."""

from collections.abc import Sequence

from ganterm.render.colour import Canvas
from ganterm.render.halfblock import draw
from ganterm.render.layout import arrange, fit_canvas
from ganterm.render.raster import Raster


def draw_many(
    rasters: Sequence[Raster], canvas: Canvas, *, scroll: bool = True, levels: int | None = None
) -> tuple[list[str], int]:
    """Draw equally large rasters as a grid; return its lines and how many rasters it shows.

    With `scroll` the lines may be more than the canvas has, and all rasters are shown. The lines
    have no line feeds; `levels` is that of `draw`. No rasters give no lines. Raises ValueError if
    sizes differ.
    """
    if not rasters:
        return [], 0
    first = rasters[0]
    fit = fit_canvas(len(rasters), first.width, first.height, canvas, scroll=scroll)
    return draw(arrange(rasters, fit), canvas, levels=levels), fit.shown
