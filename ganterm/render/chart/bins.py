"""What a chart draws: a quantity over the steps of a run, in bins of many points each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from ganterm.core.series import Bin

SMOOTHING_UNITS = 200
"""In how many units a whole quantity is divided; a smoothing weight is per unit."""


class Source(Protocol):
    """A quantity that can be drawn at any zoom."""

    @property
    def extent(self) -> tuple[int, int] | None:
        """The first and the last step that has a point; None without points."""

    def __len__(self) -> int:
        """Return the number of points, broken ones included."""

    def window(self, start: float, stop: float, columns: int) -> Sequence[Bin | None]:
        """Return `columns` bins that divide the steps from `start` to `stop`, both included."""


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
