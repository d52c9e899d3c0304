"""Axes of a chart: which values are marked, how they are written, where a value stands."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_SMALLEST = 5e-324


@dataclass(frozen=True)
class Tick:
    """A marked value and its label."""

    value: float
    label: str


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high`, `low` < `high`, on a vertical axis; what is outside is clipped.

    On a logarithmic scale both are positive, and a value that is not counts as below `low`.
    """

    low: float
    high: float
    log: bool = False

    def places(self, values: Iterable[float], rows: int) -> list[int]:
        """Return the row of each finite value, 0 for `high` to `rows` - 1 for `low`."""
        if self.log:
            bottom, top = math.log10(self.low), math.log10(self.high)
            logs = [math.log10(value) if value > 0 else bottom for value in values]
            return _places(logs, bottom, top, rows)
        # Both ends near 1, so that neither huge nor denormal numbers leave the floats' range.
        size = 2.0 ** -min(max(math.frexp(max(abs(self.low), abs(self.high)))[1], -1022), 1022)
        return _places([value * size for value in values], self.low * size, self.high * size, rows)

    def holds(self, value: float) -> bool:
        """Tell whether a value lies on the scale."""
        return self.low <= value <= self.high


def _places(values: list[float], bottom: float, top: float, rows: int) -> list[int]:
    if values and (min(values) < bottom or max(values) > top):
        values = [min(max(value, bottom), top) for value in values]
    gain = (rows - 1) / (top - bottom)
    return [int((top - value) * gain + 0.5) for value in values]


def fitting_scale(low: float, high: float, *, log: bool = False) -> Scale:
    """Return a scale that shows the finite values from `low` to `high`, with a little air.

    Its ends are round, so that they stay where they are while the values grow. On a logarithmic
    scale `low` must be positive.
    """
    if log:
        return _fitting_log(low, high)
    if not low < high:
        low, high = _around(low)
    power, mantissa = _nice_step(low, high, 20)
    step = _decimal(mantissa, power)
    if not 0 < step < math.inf:
        return Scale(low, high)
    bottom = _decimal(math.floor(low / step) * mantissa, power)
    top = _decimal(math.ceil(high / step) * mantissa, power)
    return Scale(
        bottom if -math.inf < bottom < low else low, top if high < top < math.inf else high
    )


def _fitting_log(low: float, high: float) -> Scale:
    bottom, top = math.log10(low), math.log10(max(high, low))
    air = max((top - bottom) * 0.02, 0.0 if bottom < top else 0.5)
    lowest = max(10 ** max(bottom - air, -330.0), _SMALLEST)
    highest = 10 ** min(top + air, 308.25)
    return Scale(min(lowest, low), max(highest, high, 4 * _SMALLEST), log=True)


def _around(value: float) -> tuple[float, float]:
    """Return a range with `value`, all there is to show, in its middle."""
    reach = abs(value) / 10 if value else 1.0
    low, high = value - reach, value + reach
    if math.isfinite(low) and math.isfinite(high) and low < high:
        return low, high
    # Denormal numbers have no tenth, and the greatest no tenth more.
    return min(value, value / 2, 0.0), max(value, value / 2, 0.0)


def value_ticks(scale: Scale, count: int, width: int) -> list[Tick]:
    """Return about `count` round values of a scale from the least up, labels within `width`.

    Where values differ only in digits for which there is no room, the first label is a value and
    the others, with a plus, say by how much they exceed it.
    """
    counts = range(max(count, 2), 1, -1)
    if scale.log:
        ticks = _log_ticks(scale, counts[0])
        if _fit(ticks, width):
            return ticks
    for fewer in counts:
        ticks = [
            Tick(_decimal(many, power), _label(many, power)) for many, power in _round(scale, fewer)
        ]
        if _fit(ticks, width):
            return ticks
    for fewer in counts:
        multiples = _round(scale, fewer)
        excess = [f"+{_label(many - multiples[0][0], power)}" for many, power in multiples]
        if multiples and max(map(len, excess)) <= width:
            values = [_decimal(many, power) for many, power in multiples]
            excess[0] = short(values[0], width, digits=15)
            return [Tick(value, label) for value, label in zip(values, excess, strict=True)]
    return [Tick(value, short(value, width)) for value in (scale.low, scale.high)]


def _fit(ticks: list[Tick], width: int) -> bool:
    return bool(ticks) and all(len(tick.label) <= width for tick in ticks)


def _round(scale: Scale, count: int) -> list[tuple[int, int]]:
    """Return about `count` round values on the scale as (many, power): many * 10**power."""
    power, mantissa = _nice_step(scale.low, scale.high, count)
    step = _decimal(mantissa, power)
    if step == math.inf:
        return []
    first = math.floor(scale.low / step)
    found = {
        _decimal(many * mantissa, power): many * mantissa
        for many in range(first, first + 3 * count + 4)
    }
    return [(many, power) for value, many in found.items() if scale.holds(value)]


def step_ticks(start: float, stop: float, count: int) -> list[Tick]:
    """Return about `count` round steps between `start` and `stop`, both included."""
    power, mantissa = _nice_step(start, max(stop, start + 1), max(count, 1))
    every = max(round(_decimal(mantissa, power)), 1)
    steps = range(math.ceil(start / every) * every, math.floor(stop) + 1, every)
    return [Tick(step, label) for step, label in zip(steps, _step_labels(steps), strict=True)]


def _step_labels(steps: range) -> list[str]:
    greatest = max(steps, default=0)
    for unit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        # Two digits after the point at most, and thousands as they are while they are short.
        if greatest >= max(unit, 10**5) and all(step * 100 % unit == 0 for step in steps):
            return [_in_units(step, unit) + letter if step else "0" for step in steps]
    return [f"{step:,}" for step in steps]


def _in_units(step: int, unit: int) -> str:
    hundredths = f"{step % unit * 100 // unit:02d}".rstrip("0")
    return f"{step // unit:,}.{hundredths}".rstrip(".")


def short(value: float, width: int = 9, *, digits: int = 4) -> str:
    """Return a number with `digits` digits, or with as many as there is room for in `width`.

    With 4 digits 9 characters are enough for most numbers, and 10 for any. `nan` and `inf` as they
    are; `#` where there is no room for one digit.
    """
    for fewer in range(digits, 0, -1):
        text = _tidy(f"{value:.{fewer}g}")
        if len(text) <= width:
            return text
    return "#"[:width]


def _log_ticks(scale: Scale, count: int) -> list[Tick]:
    """Return powers of ten, every few of them where they are many; 1-2-5 where they are few.

    Nothing where there are so few that linear ticks do better.
    """
    bottom, top = math.ceil(math.log10(scale.low)), math.floor(math.log10(scale.high))
    if top - bottom >= 2:
        stride = -(-(top - bottom) // count)
        marked = [(1, power) for power in range(bottom, top + 1, stride)]
    else:
        powers = range(bottom - 1, top + 1)
        marked = [(many, power) for power in powers for many in (1, 2, 5)]
    ticks = [Tick(_decimal(many, power), _label(many, power)) for many, power in marked]
    held = [tick for tick in ticks if scale.holds(tick.value)]
    return held if top - bottom >= 2 or len(held) > 2 else []


def _nice_step(low: float, high: float, count: int) -> tuple[int, int]:
    """Return (power, m): m * 10**power, m in 1, 2, 5, goes about `count` times into the range."""
    least = max((high / count - low / count) * 0.75, _SMALLEST)
    power = math.floor(math.log10(least))
    for mantissa in (1, 2, 5):
        if _decimal(mantissa, power) >= least:
            return power, mantissa
    return power + 1, 1


def _decimal(many: int, power: int) -> float:
    """Return many * 10**power as the nearest float, which a product of floats may miss."""
    return float(f"{many}e{power}")


def _label(many: int, power: int) -> str:
    """Write many * 10**power with every digit it has."""
    digits = len(str(abs(many)))
    if many == 0:
        return "0"
    if -5 <= power <= 0 and digits <= 9:
        return f"{_decimal(many, power):.{-power}f}"
    if power >= 0 and digits + power <= 6:
        return str(many * 10**power)
    return _tidy(f"{_decimal(many, power):.{digits - 1}e}")


def _tidy(text: str) -> str:
    """Write 1.50e-07 as 1.5e-7."""
    number, e, power = text.partition("e")
    if not e:
        return text
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return f"{number}e{int(power)}"
