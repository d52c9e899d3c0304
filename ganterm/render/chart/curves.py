"""From the points of a quantity to the curve that is drawn, and the scale that holds the curves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ganterm.core.blocks import Bin
from ganterm.render.chart.axis import Scale, fitting_scale
from ganterm.render.chart.view import Area, Reference, Source, Trace, View

_LEAD_BINS = 64
_FORGOTTEN = 0.01
"""What an average has kept of a point by the time it need not be looked at any more."""
SMOOTHING_UNITS = 200
"""In how many units a whole quantity is divided; a smoothing weight is per unit."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A trace within the window, by columns of dots.

    Attributes:
        trace: what it is of.
        bins: its points; None in a column without any.
        line: the value drawn in each column; None where there is no finite point.
        has_band: whether the points of some column differ from the value drawn.
    """

    trace: Trace
    bins: Sequence[Bin | None]
    line: Sequence[float | None]
    has_band: bool

    def finite(self) -> list[Bin]:
        """Return the bins that have finite points."""
        return [each for each in self.bins if each is not None and each.points]

    def drawn(self) -> tuple[list[float], list[float]]:
        """Return the least and the greatest value of each column that is to be seen in it."""
        if self.has_band:
            bins = self.finite()
            return [each.low for each in bins], [each.high for each in bins]
        line = [value for value in self.line if value is not None]
        return line, line

    def nearest(self, column: int) -> int | None:
        """Return the column with finite points nearest to `column`; None if none is near.

        Between the first and the last of them one is always near, beyond them within a twentieth
        of the window.
        """
        known = [x for x, value in enumerate(self.line) if value is not None]
        if not known:
            return None
        best = min(known, key=lambda x: abs(x - column))
        near = known[0] <= column <= known[-1] or abs(best - column) <= len(self.line) / 20
        return best if near else None


def curve_of(trace: Trace, area: Area, columns: int, view: View) -> Curve:
    """Look up the points of a trace in `columns` columns of dots, and smooth them."""
    bins = trace.source.window(area.start, area.stop, columns)
    smoother = Smoother(min(view.smoothing, 0.999))
    unit = smoothing_unit(trace.source) if view.smoothing > 0 else 0.0
    if unit > 0:
        _warm_up(smoother, trace, unit, area.start)
        line = smoother.over(bins, (area.stop - area.start) / columns / unit)
    else:
        line = [None if each is None or not each.points else each.mean for each in bins]
    has_band = view.bands and any(
        each is not None and each.points and (unit > 0 or each.low < each.high) for each in bins
    )
    return Curve(trace, bins, line, bool(has_band))


def _warm_up(smoother: Smoother, trace: Trace, unit: float, start: float) -> None:
    """Let the average meet what lies before the window, as far back as it still counts."""
    extent = trace.source.extent
    if extent is None or start <= extent[0]:
        return
    steps = math.log(_FORGOTTEN) / math.log(smoother.weight) * unit
    begin = max(start - steps, extent[0])
    end = math.ceil(start) - 1
    if begin < end:
        width = (end - begin) / _LEAD_BINS
        smoother.over(trace.source.window(begin, end, _LEAD_BINS), width / unit)


def scale_for(curves: Sequence[Curve], view: View, references: Sequence[Reference]) -> Scale:
    """Return the scale that shows the curves as `view` asks.

    A reference is shown too where that takes no more than as much room again.
    """
    if view.limits is not None:
        low, high = view.limits
        usable = math.isfinite(low) and math.isfinite(high) and low < high
        if usable and (low > 0 or not view.log):
            return Scale(low, high, view.log)
    least, greatest = _extremes(curves, view)
    if not least:
        near = [each.value for each in references if math.isfinite(each.value)]
        values = [value for value in near if value > 0 or not view.log]
        return fitting_scale(min(values, default=0.1), max(values, default=1.0), log=view.log)
    if view.outliers:
        low, high = min(least), max(greatest)
    else:
        low = sorted(least)[len(least) // 50]
        high = sorted(greatest)[-1 - len(greatest) // 50]
        low, high = min(low, high), max(low, high)
    for reference in references:
        low, high = _reaching(reference.value, low, high, log=view.log)
    return fitting_scale(low, high, log=view.log)


def _extremes(curves: Sequence[Curve], view: View) -> tuple[list[float], list[float]]:
    """Return the low and the high values that are drawn, without those a logarithm lacks."""
    least: list[float] = []
    greatest: list[float] = []
    for curve in curves:
        line = [value for value in curve.line if value is not None]
        least += line
        greatest += line
        if curve.has_band:
            finite = curve.finite()
            least += [each.low for each in finite]
            greatest += [each.high for each in finite]
    if view.log:
        positive = [value for value in (*least, *greatest) if value > 0]
        greatest = [value for value in greatest if value > 0] or positive
        least = [value for value in least if value > 0] or positive
    return least, greatest


def _reaching(value: float, low: float, high: float, *, log: bool) -> tuple[float, float]:
    """Return the range, made to hold `value` if that does not double it."""
    if not math.isfinite(value) or (log and value <= 0):
        return low, high
    bottom, top = min(low, value), max(high, value)
    if log:
        wide, span = math.log10(top) - math.log10(bottom), math.log10(high) - math.log10(low)
    else:
        wide, span = top / 2 - bottom / 2, high / 2 - low / 2
    return (bottom, top) if wide <= 2 * span else (low, high)


def columns_and(values: Iterable[float | None]) -> tuple[list[int], list[float]]:
    """Return the columns that have a value, and their values."""
    found = [(x, value) for x, value in enumerate(values) if value is not None]
    return [x for x, _ in found], [value for _, value in found]


def spread(columns: Sequence[int], places: Sequence[int], width: int) -> Sequence[int | None]:
    """Return `width` columns with `places` in those named and None in the others."""
    if len(columns) == width:
        return places
    row: list[int | None] = [None] * width
    for column, place in zip(columns, places, strict=True):
        row[column] = place
    return row


def smoothing_unit(source: Source) -> float:
    """Return the number of steps over which a smoothing weight is applied once.

    It is a share of the whole quantity and never less than the distance of its points: so a weight
    smooths what is seen of a run alike whether it is short or long, and zooming in shows the same
    curve nearer. 0 where there is nothing to smooth.
    """
    extent = source.extent
    if extent is None or len(source) < 2:
        return 0.0
    span = extent[1] - extent[0]
    return max(span / SMOOTHING_UNITS, span / (len(source) - 1))


class Smoother:
    """The exponential moving average of the means of bins that follow each other.

    The average keeps the share `weight`, in (0, 1), over one smoothing unit. It begins unbiased,
    at the first mean, as the moment estimates of Adam do (Kingma and Ba, 2015).
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._average = 0.0
        self._share = 0.0

    def over(self, bins: Sequence[Bin | None], units: float) -> list[float | None]:
        """Return the average after each bin, None for one without finite points.

        A bin spans `units` (> 0) smoothing units. One that is empty passes, and ages what was
        before it.
        """
        # Not quite 1 where a bin is so narrow that nothing would change within it.
        keep = min(self.weight**units, 1.0 - 2**-40)
        take = 1.0 - keep
        average, share = self._average, self._share
        smoothed: list[float | None] = []
        for each in bins:
            share *= keep
            if each is None or not each.points:
                smoothed.append(None)
                continue
            share += take
            part = take / share
            average = average * (1.0 - part) + each.mean * part
            if not math.isfinite(average):  # only where it is rounded beyond the greatest number
                average = each.mean
            smoothed.append(average)
        self._average, self._share = average, share
        return smoothed
