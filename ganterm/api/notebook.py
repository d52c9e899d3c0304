"""What a notebook's cell shows: images as pictures, and a run that is watched live."""

from __future__ import annotations

import base64
import html
import math
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ganterm.client.feed import FeedReader
from ganterm.client.wording import sentence
from ganterm.render.png import encode_png
from ganterm.render.raster import Raster, grid

if TYPE_CHECKING:
    from ganterm.client.feed import RunFeed
    from ganterm.core.series import Series
    from ganterm.runs.layout import RunDir

_LOOK_SECONDS: Final = 1.0
_ENLARGED_TO: Final = 56
"""Pixels that a small image has at least on each side."""
_WIDTH, _HEIGHT = 520, 160
_CURVES: Final = (("g_loss", "G loss", "#d9822b"), ("d_loss", "D loss", "#2b7bd9"))


class Picture:
    """A picture that a notebook shows."""

    def __init__(self, raster: Raster) -> None:
        self._raster = raster

    def _repr_png_(self) -> bytes:
        return encode_png(self._raster)


class _Page:
    """A piece of HTML that a notebook shows."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _repr_html_(self) -> str:
        return self._text


def displays() -> bool:
    """Tell whether this is a notebook, whose cells show pictures."""
    python = sys.modules.get("IPython")
    shell = None if python is None else python.get_ipython()
    return getattr(shell, "kernel", None) is not None


def display_images(rasters: Sequence[Raster], columns: int | None = None) -> None:
    """Show images as one picture, small ones enlarged."""
    from IPython.display import display  # noqa: PLC0415

    display(Picture(_sheet(rasters, columns)))


def watch(run: RunDir) -> None:
    """Show a run in the cell that calls this until it ends, or the cell is interrupted."""
    from IPython.display import display  # noqa: PLC0415

    reader = FeedReader(run)
    reader.refresh()
    shown: Any = display(_page(reader.feed), display_id=True)
    try:
        while reader.feed.view.alive is not False:
            time.sleep(_LOOK_SECONDS)
            if reader.refresh():
                shown.update(_page(reader.feed))
    except KeyboardInterrupt:  # It is the cell that was interrupted: the run trains on.
        return


def _sheet(rasters: Sequence[Raster], columns: int | None = None) -> Raster:
    columns = columns or min(math.ceil(math.sqrt(len(rasters))), 16)
    times = max(1, math.ceil(_ENLARGED_TO / max(rasters[0].width, rasters[0].height)))
    large = [each.scale(each.width * times, each.height * times) for each in rasters]
    return grid(large, columns)


def _page(feed: RunFeed) -> _Page:
    """Return the state of a run in a sentence, its losses, and its newest samples."""
    view = feed.view
    told = [sentence(feed.run.name, view.state, view.message), f"step {feed.step:,}"]
    if feed.images_per_s:
        told.append(f"{feed.images_per_s:,.0f} images/s")
    told += [trouble.message for trouble in feed.troubles]
    picture = ""
    if feed.samples:
        picture = _picture(feed)
    words = html.escape(" · ".join(told))
    return _Page(f"<div><p>{words}</p>{_curves(feed)}<br>{picture}</div>")


def _picture(feed: RunFeed) -> str:
    from ganterm.core.errors import DataError  # noqa: PLC0415
    from ganterm.render.sheet import load_sheet  # noqa: PLC0415

    try:
        data = encode_png(_sheet(load_sheet(feed.samples[-1].path)))
    except DataError:
        return ""
    return f'<img alt="samples" src="data:image/png;base64,{base64.b64encode(data).decode()}">'


def _curves(feed: RunFeed) -> str:
    """Draw the losses that there are as lines over the steps, in SVG."""
    there = [
        (feed.series[name], title, colour)
        for name, title, colour in _CURVES
        if feed.series.get(name)
    ]
    if not there:
        return ""
    spans = [series.extent for series, _, _ in there if series.extent]
    first, last = min(low for low, _ in spans), max(high for _, high in spans)
    points = [_means(series, first, last) for series, _, _ in there]
    values = [value for line in points for _, value in line]
    low, high = min(values), max(values)
    lines = []
    for (_, title, colour), line in zip(there, points, strict=True):
        way = " ".join(
            f"{x * _WIDTH:.1f},{(high - y) / ((high - low) or 1) * _HEIGHT:.1f}" for x, y in line
        )
        lines.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{way}">'
            f"<title>{title}</title></polyline>"
        )
    legend = " ".join(f'<span style="color:{colour}">{title}</span>' for _, title, colour in there)
    scale = f"{low:.3g} to {high:.3g}, steps {first:,} to {last:,}"
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="-2 -2 {_WIDTH + 4} {_HEIGHT + 4}">'
        f"{''.join(lines)}</svg><br><small>{legend} ({scale})</small>"
    )


def _means(series: Series, first: int, last: int) -> list[tuple[float, float]]:
    """Return points of a line, each in [0, 1] across: means of as many parts as can be seen."""
    columns = _WIDTH // 2
    bins = series.window(first, last, columns)
    return [((i + 0.5) / columns, each.mean) for i, each in enumerate(bins) if each is not None]
