"""One quantity of a run over its steps, held so that a window of it is drawn in milliseconds.

Least, greatest and mean of every `_BLOCK` points are kept beside them, so that a column of a chart
is put together from a few numbers, whether it spans ten points or ten thousand. They are reckoned
where a window is looked at, over the points that are new since, because most quantities of a run
are never looked at.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from operator import and_
from threading import Lock
from typing import TypeGuard

from ganterm.render.chart.bins import Bin

_BLOCK = 64
"""Points of a block: few enough for columns of hundreds, many enough for a million in all."""
_MANY = 4 * _BLOCK
"""A column of so many points is put together from blocks."""
_NAN = float("nan")


class Series:
    """Values at ascending steps; one thread may add while others look.

    NaN and infinity are kept apart: they count, and a chart can show where they are, but no sum
    and no extreme ever meets them.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._steps = array("q")
        self._broken = array("q")
        self._values = array("d")
        self._lows, self._highs, self._means = array("d"), array("d"), array("d")
        self._window: tuple[tuple[float, float, int], list[Bin | None]] | None = None

    def __len__(self) -> int:
        """Return the number of points, broken ones included."""
        return len(self._steps) + len(self._broken)

    @property
    def extent(self) -> tuple[int, int] | None:
        """The first and the last step that has a point, broken or not; None without points."""
        with self._lock:
            columns = [steps for steps in (self._steps, self._broken) if steps]
            if not columns:
                return None
            return min(steps[0] for steps in columns), max(steps[-1] for steps in columns)

    @property
    def latest(self) -> float | None:
        """The value at the last step, NaN if it is broken; None without points."""
        with self._lock:
            if self._broken and (not self._steps or self._broken[-1] > self._steps[-1]):
                return _NAN
            return self._values[-1] if self._values else None

    def append(self, step: int, value: float | None) -> None:
        """Add the value of a step; None stands for one that was not finite."""
        self.extend((step,), (value,))

    def extend(self, steps: Sequence[int], values: Sequence[float | None]) -> None:
        """Add the values of as many steps, all below 2**63; cheapest if none is below an earlier.

        Raises:
            ValueError: there is not one value for each step.
        """
        if len(steps) != len(values):
            raise ValueError(f"{len(values)} values for {len(steps)} steps")
        column, broken = _column(values), []
        if column is None:
            points = list(zip(steps, values, strict=True))
            broken = [step for step, value in points if not _is_finite(value)]
            sound = [(step, value) for step, value in points if _is_finite(value)]
            steps, column = [step for step, _ in sound], array("d", [value for _, value in sound])
        with self._lock:
            self._window = None
            if broken:
                self._broken = array("q", sorted([*self._broken, *broken]))
            if column:
                self._insert(steps, column)

    def truncate_after(self, step: int) -> None:
        """Forget every point after `step`, as a run does that goes on from an earlier state."""
        with self._lock:
            self._window = None
            del self._broken[bisect_right(self._broken, step) :]
            self._cut(bisect_right(self._steps, step))

    def nearest(self, step: float) -> tuple[int, float] | None:
        """Return the step nearest to `step` that has a finite value, and the value."""
        with self._lock:
            after = bisect_left(self._steps, step)
            around = range(max(after - 1, 0), min(after + 1, len(self._steps)))
            if not around:
                return None
            index = min(around, key=lambda place: abs(self._steps[place] - step))
            return self._steps[index], self._values[index]

    def window(self, start: float, stop: float, columns: int) -> list[Bin | None]:
        """Return `columns` bins that divide the steps from `start` to `stop`, both included.

        A bin without any point is None. Where bins span more than 256 points, one may stand in the
        bin beside its own if it lies nearer to their border than a quarter of their width; none
        is lost and none counts twice.

        Raises:
            ValueError: `columns` is less than 1, or `stop` is before `start`.
        """
        if columns < 1 or not start <= stop:
            raise ValueError(f"no {columns} columns between {start} and {stop}")
        with self._lock:
            key = (start, stop, columns)
            if self._window is None or self._window[0] != key:
                self._grow()
                self._window = (key, self._bins(_edges(start, stop, columns)))
            return self._window[1].copy()

    def _insert(self, steps: Sequence[int], values: array[float]) -> None:
        """Add finite points; what does not come in order is put in its place."""
        first = min(steps)
        if (self._steps and first < self._steps[-1]) or list(steps) != sorted(steps):
            place = bisect_right(self._steps, first)
            merged = [
                *zip(self._steps[place:], self._values[place:], strict=True),
                *zip(steps, values, strict=True),
            ]
            merged.sort(key=lambda point: point[0])
            self._cut(place)
            steps = [step for step, _ in merged]
            values = array("d", [value for _, value in merged])
        self._steps.extend(steps)
        self._values.extend(values)

    def _cut(self, size: int) -> None:
        """Keep the first `size` finite points and the blocks that hold nothing else."""
        del self._steps[size:], self._values[size:]
        for column in (self._lows, self._highs, self._means):
            del column[size // _BLOCK :]

    def _grow(self) -> None:
        """Reckon the blocks that have become full."""
        for end in range((len(self._lows) + 1) * _BLOCK, len(self._values) + 1, _BLOCK):
            block = self._values[end - _BLOCK : end]
            self._lows.append(min(block))
            self._highs.append(max(block))
            self._means.append(_mean(block))

    def _bins(self, edges: list[int]) -> list[Bin | None]:
        """Return the bins of the steps [edges[i], edges[i + 1])."""
        places = self._places(edges)
        many = [end - begin >= _MANY for begin, end in pairwise(places)]
        for index, both in enumerate(map(and_, many, many[1:]), start=1):
            if both:
                places[index] -= places[index] % _BLOCK
        bins: list[Bin | None] = []
        for (begin, end), wrong in zip(pairwise(places), self._broken_between(edges), strict=True):
            if begin < end:
                bins.append(Bin(*self._over(begin, end), self._values[end - 1], end - begin, wrong))
            else:
                bins.append(Bin(_NAN, _NAN, _NAN, _NAN, 0, wrong) if wrong else None)
        return bins

    def _over(self, begin: int, end: int) -> tuple[float, float, float]:
        """Return least, greatest and mean of the points [begin, end)."""
        first, after = -(-begin // _BLOCK), end // _BLOCK
        if after - first < 2:
            values = self._values[begin:end]
            return min(values), max(values), _mean(values)
        # Those of no whole block, at both ends.
        rest = self._values[begin : first * _BLOCK] + self._values[after * _BLOCK : end]
        low, high = min(self._lows[first:after] + rest), max(self._highs[first:after] + rest)
        mean = _mean(self._means[first:after])
        if rest:
            share = len(rest) / (end - begin)
            mean = min(max(mean * (1 - share) + _mean(rest) * share, low), high)
        return low, high, mean

    def _places(self, edges: list[int]) -> list[int]:
        """Return for each of the ascending edges how many finite points lie before it."""
        steps, size = self._steps, len(self._steps)
        begin, end = bisect_left(steps, edges[0]), bisect_left(steps, edges[-1])
        # Where reports come at even distances, as they mostly do, the place can be reckoned.
        density = (end - begin) / max(edges[-1] - edges[0], 1)
        places: list[int] = []
        place = begin
        for edge in edges:
            guess = begin + int((edge - edges[0]) * density)
            if guess < size and steps[guess] < edge:
                guess += 1
            if 0 < guess < size and steps[guess - 1] < edge <= steps[guess]:
                place = guess
            else:
                place = bisect_left(steps, edge, place, end)
            places.append(place)
        return places

    def _broken_between(self, edges: list[int]) -> list[int]:
        if not self._broken:
            return [0] * (len(edges) - 1)
        places = [bisect_left(self._broken, edge) for edge in edges]
        return [end - begin for begin, end in pairwise(places)]


def _column(values: Sequence[float | None]) -> array[float] | None:
    """Return the values as a column if all of them are finite; None may mean that they are not."""
    column = array("d")
    try:
        column.extend(values)  # type: ignore[arg-type]  # None is refused: that is the test
    except TypeError:
        return None
    return column if math.isfinite(sum(column)) else None


def _is_finite(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _edges(start: float, stop: float, columns: int) -> list[int]:
    """Return the first step of each of `columns` spans, and the first after the last one."""
    width = (stop - start) / columns
    edges = [math.ceil(start + column * width) for column in range(columns)]
    return [*edges, math.floor(stop) + 1]


def _mean(values: Sequence[float]) -> float:
    """Return the mean of finite numbers, finite itself even where their sum is not."""
    mean = sum(values) / len(values)
    if math.isfinite(mean):
        return mean
    mean = sum(value / len(values) for value in values)
    return min(max(mean, min(values)), max(values))
