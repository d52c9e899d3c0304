"""What grows without ever changing: the values of a quantity over the steps, and lists of entries.

Each is a value: one more point or entry makes another one over the same storage, so that one thread
may read what another has published while that goes on, and nothing is copied to add a little.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from operator import and_
from threading import Lock
from typing import NamedTuple, TypeGuard, TypeVar, overload

T = TypeVar("T")

_BLOCK = 64
"""Points of a block: few enough for columns of hundreds, many enough for a million in all."""
_MANY = 4 * _BLOCK
"""A column of so many points is put together from blocks."""
_NAN = float("nan")


class Bin(NamedTuple):
    """The points of one span of steps.

    `low`, `high`, `mean` and `last` are of the finite ones, and NaN where there are none. `points`
    is their number and `broken` that of NaN and infinite ones; at least one of the two is positive.
    """

    low: float
    high: float
    mean: float
    last: float
    points: int
    broken: int = 0


class Entries(Sequence[T]):
    """A sequence that never changes; a longer one shares its storage."""

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._items = list(items)
        self._size = len(self._items)

    def plus(self, item: T) -> Entries[T]:
        """Return the sequence with one more at its end."""
        longer = Entries[T]()
        # Nobody may have appended to the storage beyond this sequence.
        shared = len(self._items) == self._size
        longer._items = self._items if shared else self._items[: self._size]
        longer._items.append(item)
        longer._size = self._size + 1
        return longer

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self._items[place] for place in range(*index.indices(self._size))]
        return self._items[range(self._size)[index]]

    def __iter__(self) -> Iterator[T]:
        return islice(self._items, self._size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as that of a list

    def __repr__(self) -> str:
        return repr(list(self))


class _Storage:
    """Finite points in the order of their steps, to which more are only ever appended.

    Least, greatest and mean of every `_BLOCK` points are kept beside them, so that a column of a
    chart is put together from a few numbers, whether it spans ten points or ten thousand. They are
    reckoned where a window is looked at, because most quantities of a run never are.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.steps, self.values = array("q"), array("d")
        self.lows, self.highs, self.means = array("d"), array("d"), array("d")

    def grow(self, size: int, steps: array[int], values: array[float]) -> _Storage:
        """Return a storage of the first `size` points and these: this one if it ends there."""
        with self.lock:
            longer = self if len(self.steps) == size else self._first(size)
            longer.steps.extend(steps)
            longer.values.extend(values)
        return longer

    def _first(self, size: int) -> _Storage:
        found, blocks = _Storage(), size // _BLOCK
        found.steps, found.values = self.steps[:size], self.values[:size]
        found.lows, found.highs = self.lows[:blocks], self.highs[:blocks]
        found.means = self.means[:blocks]
        return found

    def reckon(self, size: int) -> None:
        """Reckon the blocks that the first `size` points fill."""
        with self.lock:
            for end in range((len(self.means) + 1) * _BLOCK, size + 1, _BLOCK):
                block = self.values[end - _BLOCK : end]
                self.lows.append(min(block))
                self.highs.append(max(block))
                self.means.append(_mean(block))


class Series:
    """Values at ascending steps. It never changes: `plus` and `until` make another one.

    NaN and infinity are kept apart: they count, and a chart can show where they are, but no sum
    and no extreme ever meets them.
    """

    def __init__(self) -> None:
        self._storage = _Storage()
        self._size = 0
        self._broken = array("q")
        self._window: tuple[tuple[float, float, int], list[Bin | None]] | None = None

    def __len__(self) -> int:
        """Return the number of points, broken ones included."""
        return self._size + len(self._broken)

    @property
    def extent(self) -> tuple[int, int] | None:
        """The first and the last step that has a point, broken or not; None without points."""
        steps, broken = self._storage.steps, self._broken
        ends = [steps[0], steps[self._size - 1]] if self._size else []
        ends += [broken[0], broken[-1]] if broken else []
        return (min(ends), max(ends)) if ends else None

    @property
    def latest(self) -> float | None:
        """The value at the last step, NaN if it is broken; None without points."""
        last = self._size - 1
        if self._broken and (last < 0 or self._broken[-1] > self._storage.steps[last]):
            return _NAN
        return self._storage.values[last] if last >= 0 else None

    @property
    def values(self) -> Sequence[float]:
        """All values in the order of the steps, NaN where one is broken."""
        values = self._storage.values[: self._size]
        if not self._broken:
            return values
        points = [*zip(self._storage.steps, values, strict=False)]
        points += [(step, _NAN) for step in self._broken]
        return [value for _, value in sorted(points, key=lambda point: point[0])]

    def plus(self, steps: Sequence[int], values: Sequence[float | None]) -> Series:
        """Return the series with a value more for each step; None stands for one that is broken.

        All steps are below 2**63. It is quickest if none is below an earlier one.

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
        found = self._copy(self._size)
        if broken:
            found._broken = array("q", sorted([*self._broken, *broken]))
        if column:
            found._insert(array("q", steps), column)
        return found

    def until(self, step: int) -> Series:
        """Return the series without any point after `step`."""
        found = self._copy(bisect_right(self._storage.steps, step, 0, self._size))
        found._broken = self._broken[: bisect_right(self._broken, step)]
        return found

    def nearest(self, step: float) -> tuple[int, float] | None:
        """Return the step nearest to `step` that has a finite value, and the value."""
        steps = self._storage.steps
        after = bisect_left(steps, step, 0, self._size)
        around = range(max(after - 1, 0), min(after + 1, self._size))
        if not around:
            return None
        index = min(around, key=lambda place: abs(steps[place] - step))
        return steps[index], self._storage.values[index]

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
        key, known = (start, stop, columns), self._window
        if known is None or known[0] != key:
            self._storage.reckon(self._size)
            known = self._window = key, self._bins(_edges(start, stop, columns))
        return known[1].copy()

    def _copy(self, size: int) -> Series:
        found = Series.__new__(Series)
        found._storage, found._size, found._broken = self._storage, size, self._broken
        found._window = None
        return found

    def _insert(self, steps: array[int], values: array[float]) -> None:
        """Add finite points to a series that nobody has seen; each finds its place."""
        first, known = min(steps), self._storage.steps
        keep = self._size
        if (keep and first < known[keep - 1]) or list(steps) != sorted(steps):
            keep = bisect_right(known, first, 0, keep)
            later = slice(keep, self._size)
            merged = [
                *zip(known[later], self._storage.values[later], strict=True),
                *zip(steps, values, strict=True),
            ]
            merged.sort(key=lambda point: point[0])
            steps = array("q", [step for step, _ in merged])
            values = array("d", [value for _, value in merged])
        self._storage = self._storage.grow(keep, steps, values)
        self._size = keep + len(steps)

    def _bins(self, edges: list[int]) -> list[Bin | None]:
        """Return the bins of the steps [edges[i], edges[i + 1])."""
        places = self._places(edges)
        many = [end - begin >= _MANY for begin, end in pairwise(places)]
        for index, both in enumerate(map(and_, many, many[1:]), start=1):
            if both:
                places[index] -= places[index] % _BLOCK
        values = self._storage.values
        bins: list[Bin | None] = []
        for (begin, end), wrong in zip(pairwise(places), self._broken_between(edges), strict=True):
            if begin < end:
                bins.append(Bin(*self._over(begin, end), values[end - 1], end - begin, wrong))
            else:
                bins.append(Bin(_NAN, _NAN, _NAN, _NAN, 0, wrong) if wrong else None)
        return bins

    def _over(self, begin: int, end: int) -> tuple[float, float, float]:
        """Return least, greatest and mean of the points [begin, end)."""
        stored = self._storage
        first, after = -(-begin // _BLOCK), end // _BLOCK
        if after - first < 2:
            values = stored.values[begin:end]
            return min(values), max(values), _mean(values)
        # Those of no whole block, at both ends.
        rest = stored.values[begin : first * _BLOCK] + stored.values[after * _BLOCK : end]
        low, high = min(stored.lows[first:after] + rest), max(stored.highs[first:after] + rest)
        mean = _mean(stored.means[first:after])
        if rest:
            share = len(rest) / (end - begin)
            mean = min(max(mean * (1 - share) + _mean(rest) * share, low), high)
        return low, high, mean

    def _places(self, edges: list[int]) -> list[int]:
        """Return for each of the ascending edges how many finite points lie before it."""
        steps, size = self._storage.steps, self._size
        begin, end = bisect_left(steps, edges[0], 0, size), bisect_left(steps, edges[-1], 0, size)
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
