"""Numbers over time as text: sparklines, bars and a small plot for the command line."""

import math
from collections.abc import Sequence

from ganterm.render.chart.axis import Scale, fitting_scale
from ganterm.render.chart.plot import BRAILLE, DotGrid
from ganterm.render.colour import Charset

_HEIGHTS = {Charset.HALFBLOCK: "▁▂▃▄▅▆▇█", Charset.ASCII: "_.-=+*%#"}
_NOT_FINITE = {Charset.HALFBLOCK: "\u00d7", Charset.ASCII: "x"}


def sparkline(
    values: Sequence[float],
    width: int,
    *,
    charset: Charset = Charset.HALFBLOCK,
    low: float | None = None,
    high: float | None = None,
) -> str:
    """Return one character for each value, at most `width`: more values are averaged in groups.

    Heights go from `low` to `high`, by default the least and the greatest of the averages. A group
    without any finite number is drawn as a cross, so that a divergence can be seen. Nothing gives
    the empty string.
    """
    means = _resampled(values, width)
    finite = [mean for mean in means if mean is not None]
    bottom, top = _range(finite, low, high)
    heights = _HEIGHTS[charset]
    return "".join(
        _NOT_FINITE[charset] if mean is None else heights[_step(mean, bottom, top, len(heights))]
        for mean in means
    )


def bar(fraction: float, width: int, *, charset: Charset = Charset.HALFBLOCK) -> str:
    """Return `width` characters of which `fraction` (0 to 1, clipped; NaN is 0) is filled."""
    filled = 0.0 if math.isnan(fraction) else min(max(fraction, 0.0), 1.0)
    if charset is Charset.ASCII:
        return ("#" * int(filled * width + 0.5)).ljust(width, ".")
    eighths = int(filled * width * 8 + 0.5)
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (" ▏▎▍▌▋▊▉"[part] if part else "")).ljust(width)


def plot(
    values: Sequence[float],
    width: int,
    height: int,
    *,
    charset: Charset = Charset.HALFBLOCK,
    low: float | None = None,
) -> list[str]:
    """Plot the values as `height` lines of `width` characters, bounds at the left.

    It is drawn as charts are, few values as wide as many. Those that are not finite leave gaps;
    with none that is finite the plot is empty. Raises ValueError if there is no room for a plot.
    """
    finite = [value for value in values if math.isfinite(value)]
    bottom, top = _range(finite, low, None)
    labels = [f"{top:.3g}", f"{bottom:.3g}"] if finite else ["", ""]
    margin = max(map(len, labels))
    room = width - margin - 1
    if room < 1 or height < 1:
        raise ValueError(f"no plot fits {width}x{height} characters")
    grid = DotGrid(room, height, charset)
    scale = Scale(bottom, top) if bottom < top else fitting_scale(bottom, bottom)
    places: list[int | None] = [None] * grid.columns
    breaks = [False] * grid.columns
    means = _resampled(values, grid.columns)
    for index, mean in enumerate(means):
        x = index * (grid.columns - 1) // max(len(means) - 1, 1)
        if mean is None:
            breaks[x] = True
        else:
            (places[x],) = scale.places([mean], grid.rows)
    drawn = [
        "".join((BRAILLE[code] if grid.across > 1 else "*") if code else " " for code in row)
        for row in grid.cells(grid.curve(places, breaks))
    ]
    beside = [labels[0], *[""] * (height - 2), *labels[1:]][:height]
    return [f"{label:>{margin}} {line}" for label, line in zip(beside, drawn, strict=True)]


def _resampled(values: Sequence[float], count: int) -> list[float | None]:
    """Means of at most `count` even groups of the values; None for one with no finite number."""
    if count < 1 or not values:
        return []
    count = min(count, len(values))
    means: list[float | None] = []
    for index in range(count):
        group = values[index * len(values) // count : (index + 1) * len(values) // count]
        finite = [value for value in group if math.isfinite(value)]
        # Dividing first keeps the sum of huge numbers finite.
        means.append(sum(value / len(finite) for value in finite) if finite else None)
    return means


def _range(finite: Sequence[float], low: float | None, high: float | None) -> tuple[float, float]:
    bottom = low if low is not None else min(finite, default=0.0)
    top = high if high is not None else max(finite, default=1.0)
    return bottom, top


def _step(value: float, bottom: float, top: float, steps: int) -> int:
    """Which of `steps` heights the value has, 0 the lowest; the middle if there is no range."""
    # Halves, because the difference of two huge numbers may not be finite.
    span = top / 2 - bottom / 2
    if not span > 0:
        return (steps - 1) // 2
    share = (value / 2 - bottom / 2) / span
    return min(max(int(share * steps), 0), steps - 1)
