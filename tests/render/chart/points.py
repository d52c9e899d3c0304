"""Points to draw, put into bins one by one: slow, and plainly right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from ganterm.core.blocks import Bin
from ganterm.render.chart import Chart

EXTREME = (0.0, -0.0, 5e-324, -5e-324, 2.2e-308, 1.7976931348623157e308, -1.7976931348623157e308)


class Points:
    """Values at steps in ascending order; the plain twin of the app's series."""

    def __init__(self, points: Iterable[tuple[int, float]]) -> None:
        self.points = list(points)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def extent(self) -> tuple[int, int] | None:
        return (self.points[0][0], self.points[-1][0]) if self.points else None

    def window(self, start: float, stop: float, columns: int) -> list[Bin | None]:
        width = (stop - start) / columns
        borders = [math.ceil(start + column * width) for column in range(1, columns)]
        groups: list[list[float]] = [[] for _ in range(columns)]
        for step, value in self.points:
            if start <= step <= stop:
                groups[sum(border <= step for border in borders)].append(value)
        return [bin_of(group) for group in groups]


def bin_of(values: Sequence[float]) -> Bin | None:
    finite = [value for value in values if math.isfinite(value)]
    broken = len(values) - len(finite)
    if not values:
        return None
    if not finite:
        return Bin(math.nan, math.nan, math.nan, math.nan, 0, broken)
    mean = float(sum(map(Fraction, finite)) / len(finite))
    return Bin(min(finite), max(finite), mean, finite[-1], len(finite), broken)


def evenly(values: Iterable[float], *, every: int = 1, first: int = 0) -> Points:
    """Return the values at steps `first`, `first + every`, ..."""
    return Points((first + index * every, value) for index, value in enumerate(values))


def text_of(chart: Chart) -> list[str]:
    """Return the rows of a chart without their styles."""
    return ["".join(span.text for span in row) for row in chart.rows]


def styles_in(chart: Chart) -> set[str]:
    return {span.style for row in chart.rows for span in row}


def plot_of(chart: Chart) -> list[str]:
    """Return the rows of the plot alone."""
    area = chart.area
    rows = text_of(chart)[area.top : area.top + area.height]
    return [row[area.left :] for row in rows]
