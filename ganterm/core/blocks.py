"""What a series keeps of its old points: blocks of ever more of them, and where values broke."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from operator import mul
from typing import Any, Final, NamedTuple

EXACT: Final = 1 << 16
"""So many of a series' newest points are kept each, at least; older ones are kept in blocks."""
MOST_BLOCKS: Final = 1 << 15
"""Where a series has so many blocks, each two of them become one."""
BLOCK: Final = 64
"""Points of a block: few enough for columns of hundreds, many enough for a million in all."""
NAN: Final = float("nan")


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


class Past(NamedTuple):
    """The blocks in which a series keeps the finite points before those it keeps each.

    Attributes:
        begin: the step of the very first point.
        width: points of a block; a few have less.
        ends: the step of the last point of each, `lasts` its value.
        lows, highs, means: of the points of each; `counts`: how many they are.
    """

    begin: int
    width: int
    ends: array[int]
    counts: array[int]
    lows: array[float]
    highs: array[float]
    means: array[float]
    lasts: array[float]

    def plus(self, steps: array[int], values: array[float]) -> Past:
        """Return the blocks with those of more points, a multiple of the width, at their end."""
        import numpy as np  # noqa: PLC0415 - most runs are too short for a block

        width = self.width
        table = np.frombuffer(values).reshape(-1, width)
        with np.errstate(over="ignore"):
            means = table.mean(axis=1)
        for place in np.flatnonzero(~np.isfinite(means)):
            means[place] = mean_of(table[place].tolist())
        found = Past(
            self.begin if self.ends else steps[0],
            width,
            self.ends + steps[width - 1 :: width],
            self.counts + array("q", [width]) * len(table),
            self.lows + array("d", table.min(axis=1).tobytes()),
            self.highs + array("d", table.max(axis=1).tobytes()),
            self.means + array("d", means.tobytes()),
            self.lasts + values[width - 1 :: width],
        )
        while len(found.ends) >= MOST_BLOCKS:
            found = found._in_pairs()
        return found

    def until(self, step: int) -> Past:
        """Return the blocks that end at `step` or before."""
        keep = slice(bisect_right(self.ends, step))
        return Past(self.begin, self.width, *(column[keep] for column in self[2:]))  # type: ignore[arg-type]

    def over(self, begin: int, end: int) -> tuple[Bin, ...]:
        """Return the points of the blocks [begin, end) as a bin; none of no block."""
        if begin >= end:
            return ()
        low, high = min(self.lows[begin:end]), max(self.highs[begin:end])
        counts = self.counts[begin:end]
        mean = min(max(mean_of(self.means[begin:end], counts), low), high)
        return (Bin(low, high, mean, self.lasts[end - 1], sum(counts)),)

    def _in_pairs(self) -> Past:
        """Return each two blocks as one; the last stays as it is where their number is odd."""
        import numpy as np  # noqa: PLC0415 - most runs are too short for a block

        even = len(self.ends) // 2 * 2
        kept: Sequence[array[Any]] = self[2:]
        ends, counts, lows, highs, means, lasts = (
            np.array(column[:even]).reshape(-1, 2) for column in kept
        )
        total, low, high = counts.sum(axis=1), lows.min(axis=1), highs.max(axis=1)
        weighted = means * (counts / total[:, None])
        mean = np.clip(weighted[:, 0] + weighted[:, 1], low, high)
        joined = (ends[:, 1], total, low, high, mean, lasts[:, 1])
        columns = (
            array(column.typecode, found.tobytes()) + column[even:]
            for column, found in zip(kept, joined, strict=True)
        )
        return Past(self.begin, 2 * self.width, *columns)


NO_PAST: Final = Past(
    0, BLOCK, array("q"), array("q"), array("d"), array("d"), array("d"), array("d")
)


class Broken(NamedTuple):
    """Steps at which values are broken, and how many are up to each; of old ones every second."""

    steps: array[int] = array("q")
    sums: array[int] = array("q")

    def plus(self, steps: Sequence[int]) -> Broken:
        """Return these with more of them; quickest if none is below an earlier one."""
        if self.steps and steps[0] < self.steps[-1]:
            counts = [after - before for before, after in pairwise([0, *self.sums])]
            every = [*zip(self.steps, counts, strict=True), *((step, 1) for step in steps)]
            every.sort(key=lambda each: each[0])
            sums = accumulate(count for _, count in every)
            found = Broken(array("q", [step for step, _ in every]), array("q", sums))
        else:
            more = range(self.total + 1, self.total + len(steps) + 1)
            found = Broken(self.steps + array("q", steps), self.sums + array("q", more))
        while len(found.steps) >= EXACT:
            # Those that are left out are counted with the one after them.
            old = max(EXACT, len(found.steps)) - EXACT // 2
            found = Broken(*(column[:old:2] + column[old:] for column in found))
        return found

    def until(self, step: int) -> Broken:
        """Return those up to `step`."""
        keep = slice(bisect_right(self.steps, step))
        return Broken(self.steps[keep], self.sums[keep])

    @property
    def total(self) -> int:
        """How many they are."""
        return self.sums[-1] if self.sums else 0

    def between(self, edges: list[int]) -> list[int]:
        """Return how many lie between each two of the ascending edges."""
        sums = [0, *self.sums] if self.steps else [0]
        found = [sums[bisect_left(self.steps, edge)] for edge in edges]
        return [end - begin for begin, end in pairwise(found)]


def joined(parts: tuple[Bin, ...], broken: int) -> Bin | None:
    """Return the older and the newer points of a span of steps, and its broken ones, as one bin."""
    if not parts:
        return Bin(NAN, NAN, NAN, NAN, 0, broken) if broken else None
    if len(parts) == 1:
        return parts[0]._replace(broken=broken)
    low, high = min(each.low for each in parts), max(each.high for each in parts)
    counts = [each.points for each in parts]
    mean = min(max(mean_of([each.mean for each in parts], counts), low), high)
    return Bin(low, high, mean, parts[-1].last, sum(counts), broken)


def mean_of(values: Sequence[float], counts: Sequence[int] | None = None) -> float:
    """Return the mean of finite numbers, finite itself even where their sum is not.

    `counts` says how often each of them counts; without it each does once.
    """
    total = len(values) if counts is None else sum(counts)
    mean: float = sum(values if counts is None else map(mul, values, counts)) / total
    if math.isfinite(mean):
        return mean
    shares = (1 / total for _ in values) if counts is None else (n / total for n in counts)
    mean = sum(map(mul, values, shares))
    return min(max(mean, min(values)), max(values))
