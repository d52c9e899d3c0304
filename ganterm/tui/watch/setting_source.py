"""A setting over the steps of a run, as a quantity that charts can draw."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from ganterm.render.chart import Bin
from ganterm.runs.live import LiveChange

_SLICES = 8


class SettingSource:
    """The value of a number among the settings, from the run's first step to its last one.

    `factor` gives what it is multiplied with at a step, as a schedule does with learning rates.
    """

    def __init__(
        self,
        start: float,
        changes: Iterable[LiveChange],
        last: int,
        factor: Callable[[float], float] = lambda _step: 1.0,
        *,
        first: int = 0,
    ) -> None:
        """Begin with `start` at step `first`, which a branch has from its parent.

        Of `changes`, all of this one setting, only numbers count.
        """
        points = [(first, float(start))]
        points += [
            (change.step, float(change.after))
            for change in changes
            if isinstance(change.after, (int, float)) and not isinstance(change.after, bool)
        ]
        self._steps = [step for step, _ in points]
        self._values = [value for _, value in points]
        self._last = max(last, self._steps[-1])
        self._factor = factor

    @property
    def extent(self) -> tuple[int, int]:
        """The first and the last step."""
        return self._steps[0], self._last

    def __len__(self) -> int:
        """Return the number of steps: the setting has a value at each."""
        return self._last + 1 - self._steps[0]

    def at(self, step: float) -> float:
        """Return the value in force at a step; a change counts from its own step on."""
        return self._values[max(bisect_right(self._steps, step) - 1, 0)] * self._factor(step)

    def window(self, start: float, stop: float, columns: int) -> Sequence[Bin | None]:
        """Return `columns` bins that divide the steps from `start` to `stop`, both included."""
        width = (stop - start) / columns
        return [
            self._bin(start + column * width, start + (column + 1) * width)
            for column in range(columns)
        ]

    def _bin(self, begin: float, end: float) -> Bin | None:
        begin, end = max(begin, float(self._steps[0])), min(end, float(self._last))
        if begin > end:
            return None
        if self._steps[-1] <= begin:
            values = [self.at(begin), self.at(end)]
        else:
            width = (end - begin) / _SLICES
            values = [self.at(begin + index * width) for index in range(_SLICES + 1)]
        return Bin(min(values), max(values), values[-1], values[-1], max(math.ceil(end - begin), 1))
