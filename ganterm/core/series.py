"""What grows without ever changing: the values of a quantity over the steps, and lists of entries.

Each is a value: one more point or entry makes another one over the same storage, so that one thread
may read what another has published while that goes on, and nothing is copied to add a little. And
each is bounded, however long a run trains: of old points there are blocks, of old entries none.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from operator import and_
from threading import Lock
from typing import Any, Final, TypeGuard, TypeVar, overload

from msgspec import Struct

from ganterm.core.blocks import (
    BLOCK,
    EXACT,
    MOST_BLOCKS,
    NAN,
    NO_PAST,
    Bin,
    Broken,
    Past,
    joined,
    mean_of,
)

T = TypeVar("T")

MOST_ENTRIES: Final = 1 << 15
"""Where a sequence has so many entries, it forgets the older half of them."""

_MANY = 4 * BLOCK
"""A column of so many points is put together from blocks."""


class Entries(Sequence[T]):
    """The newest of what was added to a sequence, which never changes.

    A longer one shares its storage.
    """

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._items = list(items)
        self._size = len(self._items)

    def plus(self, item: T) -> Entries[T]:
        """Return the sequence with one more at its end."""
        longer = Entries[T]()
        if self._size >= MOST_ENTRIES:
            return Entries(self._items[self._size // 2 : self._size]).plus(item)
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

    Least, greatest and mean of every `BLOCK` points are kept beside them, so that a column of a
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
            longer = self if len(self.steps) == size else self.part(0, size)
            longer.steps.extend(steps)
            longer.values.extend(values)
        return longer

    def part(self, begin: int, end: int) -> _Storage:
        """Return a storage of the points [begin, end); `begin` is a multiple of `BLOCK`."""
        found, blocks = _Storage(), slice(begin // BLOCK, end // BLOCK)
        found.steps, found.values = self.steps[begin:end], self.values[begin:end]
        found.lows, found.highs = self.lows[blocks], self.highs[blocks]
        found.means = self.means[blocks]
        return found

    def reckon(self, size: int) -> None:
        """Reckon the blocks that the first `size` points fill."""
        with self.lock:
            for end in range((len(self.means) + 1) * BLOCK, size + 1, BLOCK):
                block = self.values[end - BLOCK : end]
                self.lows.append(min(block))
                self.highs.append(max(block))
                self.means.append(mean_of(block))


class SeriesState(Struct):
    """A series as it can be written down: its columns, as this machine has them in memory."""

    begin: int
    width: int
    columns: list[bytes]


_INTEGERS: Final = (0, 1, 6, 8, 9)
"""Which columns of a written series are integers: the rest are floats."""


class Series:
    """Values at ascending steps. It never changes: `plus` and `until` make another one.

    NaN and infinity are kept apart: they count, and a chart can show where they are, but no sum
    and no extreme ever meets them. The newest `EXACT` points and more are kept each. Older ones
    are kept in blocks of ever more points, `MOST_BLOCKS` at most, with the least, greatest, mean
    and last value of each: a window shows them within a block of their steps, and nothing smaller.
    """

    def __init__(self) -> None:
        self._past = NO_PAST
        self._storage = _Storage()
        self._size = 0
        self._broken = Broken()
        self._window: tuple[tuple[float, float, int], list[Bin | None]] | None = None

    def __len__(self) -> int:
        """Return the number of points, broken ones included."""
        return sum(self._past.counts) + self._size + self._broken.total

    def __bool__(self) -> bool:
        """Tell whether it has any point, which is sooner told than how many."""
        return bool(self._size or self._past.ends or self._broken.steps)

    @property
    def extent(self) -> tuple[int, int] | None:
        """The first and the last step that has a point, broken or not; None without points."""
        past, steps, broken = self._past, self._storage.steps, self._broken.steps
        ends = [past.begin, past.ends[-1]] if past.ends else []
        ends += [steps[0], steps[self._size - 1]] if self._size else []
        ends += [broken[0], broken[-1]] if broken else []
        return (min(ends), max(ends)) if ends else None

    @property
    def latest(self) -> float | None:
        """The value at the last step, NaN if it is broken; None without points."""
        newest = self._newest()
        broken = self._broken.steps
        if broken and (newest is None or broken[-1] > newest[0]):
            return NAN
        return newest and newest[1]

    @property
    def values(self) -> Sequence[float]:
        """All values in the order of the steps, NaN where one is broken; of a block its mean."""
        past, broken = self._past, self._broken.steps
        values = past.means + self._storage.values[: self._size]
        if not broken:
            return values
        points = [*zip([*past.ends, *self._storage.steps[: self._size]], values, strict=True)]
        points += [(step, NAN) for step in broken]
        return [value for _, value in sorted(points, key=lambda point: point[0])]

    def plus(
        self, steps: Sequence[int], values: Sequence[float | None], *, ascending: bool = False
    ) -> Series:
        """Return the series with a value more for each step; None stands for one that is broken.

        In an array all values are finite. All steps are below 2**63. It is quickest if none is
        below an earlier one, above all where `ascending` says so of those that are given.

        Raises:
            ValueError: there is not one value for each step.
        """
        if len(steps) != len(values):
            raise ValueError(f"{len(values)} values for {len(steps)} steps")
        column = values if isinstance(values, array) else _column(values)
        broken: list[int] = []
        if column is None:
            points = list(zip(steps, values, strict=True))
            broken = [step for step, value in points if not _is_finite(value)]
            sound = [(step, value) for step, value in points if _is_finite(value)]
            steps, column = [step for step, _ in sound], array("d", [value for _, value in sound])
        found = self._copy(self._size)
        if broken:
            found._broken = self._broken.plus(sorted(broken))
        if column:
            found._insert(array("q", steps), column, ascending)
        return found

    def until(self, step: int) -> Series:
        """Return the series without any point after `step`, nor any of a block that holds one."""
        found = self._copy(bisect_right(self._storage.steps, step, 0, self._size))
        found._past = self._past.until(step)
        found._broken = self._broken.until(step)
        return found

    def state(self) -> SeriesState:
        """Return all that it knows."""
        points = self._storage.steps[: self._size], self._storage.values[: self._size]
        kept: list[array[Any]] = [*self._past[2:], *points, *self._broken]
        return SeriesState(self._past.begin, self._past.width, [bytes(each) for each in kept])

    @classmethod
    def restored(cls, state: SeriesState) -> Series:
        """Return a series that was written down.

        Raises:
            ValueError: no series was ever in such a state.
        """
        columns: list[array[Any]] = []
        for place, data in enumerate(state.columns):
            columns.append(array("q" if place in _INTEGERS else "d"))
            columns[-1].frombytes(data)
        sizes = [len(column) for column in columns]
        alike = len(sizes) == 10 and len(set(sizes[:6])) == len({*sizes[6:8]}) == len({*sizes[8:]})
        whole = alike and sizes[0] < MOST_BLOCKS and state.begin >= 0 and 0 < state.width < 1 << 53
        if not (whole and all(map(_all_finite, columns))):
            raise ValueError("it is no series")
        found = cls()
        found._past = Past(state.begin, state.width, *columns[:6])
        found._storage = found._storage.grow(0, *columns[6:8])
        found._size, found._broken = sizes[6], Broken(*columns[8:])
        return found

    def nearest(self, step: float) -> tuple[int, float] | None:
        """Return the step nearest to `step` that has a finite value, and the value.

        Of a block it is the last one.
        """
        kept = ((self._past.ends, self._past.lasts), (self._storage.steps, self._storage.values))
        around = []
        for (steps, values), size in zip(kept, (len(self._past.ends), self._size), strict=True):
            after = bisect_left(steps, step, 0, size)
            places = range(max(after - 1, 0), min(after + 1, size))
            around += [(steps[place], values[place]) for place in places]
        return min(around, key=lambda point: abs(point[0] - step), default=None)

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
        found._past, found._broken = self._past, self._broken
        found._storage, found._size = self._storage, size
        found._window = None
        return found

    def _insert(self, steps: array[int], values: array[float], ascending: bool) -> None:
        """Add finite points to a series that nobody has seen; each finds its place."""
        ascending = ascending or list(steps) == sorted(steps)
        first, known = steps[0] if ascending else min(steps), self._storage.steps
        keep = self._size
        if not ascending or (keep and first < known[keep - 1]):
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
        at_once = max(EXACT, self._past.width)
        if (old := (self._size - EXACT) // at_once * at_once) > 0:
            stored = self._storage
            self._past = self._past.plus(stored.steps[:old], stored.values[:old])
            self._storage = stored.part(old, self._size)
            self._size -= old

    def _newest(self) -> tuple[int, float] | None:
        """Return the last finite point."""
        past, last = self._past, self._size - 1
        if last >= 0:
            return self._storage.steps[last], self._storage.values[last]
        return (past.ends[-1], past.lasts[-1]) if past.ends else None

    def _bins(self, edges: list[int]) -> list[Bin | None]:
        """Return the bins of the steps [edges[i], edges[i + 1])."""
        places = self._places(edges)
        many = [end - begin >= _MANY for begin, end in pairwise(places)]
        for index, both in enumerate(map(and_, many, many[1:]), start=1):
            if both:
                places[index] -= places[index] % BLOCK
        values = self._storage.values
        blocks = [bisect_left(self._past.ends, edge) for edge in edges]
        bins: list[Bin | None] = []
        for old, (begin, end), wrong in zip(
            pairwise(blocks), pairwise(places), self._broken.between(edges), strict=True
        ):
            parts = self._past.over(*old)
            if begin < end:
                parts += (Bin(*self._over(begin, end), values[end - 1], end - begin),)
            bins.append(joined(parts, wrong))
        return bins

    def _over(self, begin: int, end: int) -> tuple[float, float, float]:
        """Return least, greatest and mean of the points [begin, end)."""
        stored = self._storage
        first, after = -(-begin // BLOCK), end // BLOCK
        if after - first < 2:
            values = stored.values[begin:end]
            return min(values), max(values), mean_of(values)
        # Those of no whole block, at both ends.
        rest = stored.values[begin : first * BLOCK] + stored.values[after * BLOCK : end]
        low, high = min(stored.lows[first:after] + rest), max(stored.highs[first:after] + rest)
        mean = mean_of(stored.means[first:after])
        if rest:
            share = len(rest) / (end - begin)
            mean = min(max(mean * (1 - share) + mean_of(rest) * share, low), high)
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


def _column(values: Sequence[float | None]) -> array[float] | None:
    """Return the values as a column if all of them are finite; None may mean that they are not."""
    try:
        return array("d", values) if math.isfinite(sum(values)) else None  # type: ignore[arg-type]
    except TypeError:  # None cannot be added: that is the test
        return None


def _all_finite(column: array[Any]) -> bool:
    # A finite sum is one of finite numbers, and quicker to tell; that of large ones may not be.
    return math.isfinite(sum(column)) or all(map(math.isfinite, column))


def _is_finite(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _edges(start: float, stop: float, columns: int) -> list[int]:
    """Return the first step of each of `columns` spans, and the first after the last one."""
    width = (stop - start) / columns
    edges = [math.ceil(start + column * width) for column in range(columns)]
    return [*edges, math.floor(stop) + 1]
