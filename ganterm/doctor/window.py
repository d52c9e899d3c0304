"""The latest values of a quantity, over so many steps of training."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from statistics import median

LEAST = 4
"""Records that a window holds at the least, however far apart they are."""
LATEST = 40
"""Steps that count as the latest: long enough for a trouble that is over to be over for good."""


class Window:
    """Values by step, those of the latest `steps` steps and never fewer than `LEAST`."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self._entries: deque[tuple[int, float]] = deque()

    def add(self, step: int, value: object) -> None:
        """Take in the value at `step`; what is no finite number is passed over."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return
        if not math.isfinite(value):
            return
        if self._entries and step <= self._entries[-1][0]:
            return
        self._entries.append((step, float(value)))
        # The entry before the window's first step tells that the window is full.
        while len(self._entries) > LEAST and self._entries[1][0] <= step - self.steps:
            self._entries.popleft()

    def clear(self) -> None:
        """Forget what it holds: a trouble that is over is not to be told of again."""
        self._entries.clear()

    @property
    def full(self) -> bool:
        """Whether it spans its steps, so that what it holds can be called lasting."""
        return len(self._entries) >= LEAST and self.span >= self.steps

    @property
    def span(self) -> int:
        """Steps from the first value to the last."""
        return self._entries[-1][0] - self._entries[0][0] if self._entries else 0

    @property
    def values(self) -> list[float]:
        """The values, oldest first."""
        return [value for _, value in self._entries]

    @property
    def last(self) -> float:
        """The latest value; raises `IndexError` where there is none."""
        return self._entries[-1][1]

    @property
    def median(self) -> float:
        """The middle value; raises `StatisticsError` where there is none."""
        return median(self.values)

    @property
    def latest_median(self) -> float:
        """The middle one of the newest few values; raises `StatisticsError` where there is none."""
        begin = self._entries[-1][0] - LATEST if self._entries else 0
        recent = sum(step > begin for step, _ in self._entries)
        return median(self.values[-max(recent, LEAST) :])

    def lasts(self, holds: Callable[[float], bool], share: float = 1.0) -> bool:
        """Tell whether `holds` is true of at least `share` of the values of a full window."""
        return self.full and sum(map(holds, self.values)) >= share * len(self._entries)
