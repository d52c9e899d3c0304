"""The next value of a setting up or down: what a key press changes a live setting to."""

from __future__ import annotations

import math
import re
from typing import Final

from ganterm.config import FIELDS, Field
from ganterm.config.fields import Value

_MANTISSAS: Final = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)
"""About a third more at each; the usual figures of learning rates are among them."""
_LEAST_RATE: Final = 1e-8
_LABEL: Final = 0.05
_CADENCES: Final = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_CADENCE: Final = re.compile(r"\s*(\d+)(\s*[a-z]+)?\s*")


def nudged(name: str, value: Value, *, up: bool, unset: float = 1.0) -> Value:
    """Return the next value of a live setting, or `value` itself where there is none.

    Rates and weights go by thirds or so, labels by 0.05, counts by one and cadences from round
    number to round number. `unset` is what an unset value stands for.
    """
    field = FIELDS[name]
    if field.kind == "cadence":
        return _cadence(str(value), up=up)
    number = unset if value is None else value
    if isinstance(number, (str, bool)):
        return value
    if field.kind == "integer":
        return _within(field, number + (1 if up else -1))
    if name.endswith("_label"):
        return _within(field, round((round(number / _LABEL) + (1 if up else -1)) * _LABEL, 10))
    return _within(field, _next_round(float(number), up=up))


def _next_round(number: float, *, up: bool) -> float:
    """Return the next number with one of the round mantissas; 0 lies below all of them."""
    if number < _LEAST_RATE:
        return _LEAST_RATE if up else 0.0
    power = math.floor(math.log10(number))
    scale = (power - 1, power, power + 1)
    steps = [float(f"{mantissa}e{each}") for each in scale for mantissa in _MANTISSAS[:-1]]
    if up:
        return next(step for step in steps if step > number * (1 + 1e-9))
    lower = next(step for step in reversed(steps) if step < number * (1 - 1e-9))
    return lower if lower >= _LEAST_RATE else 0.0


def _within(field: Field, number: float) -> Value:
    low = -math.inf if field.minimum is None else field.minimum
    high = math.inf if field.maximum is None else field.maximum
    return type(number)(min(max(number, low), high))


def _cadence(text: str, *, up: bool) -> str:
    found = _CADENCE.fullmatch(text)
    if found is None:
        return text
    count, unit = int(found[1]), found[2] or ""
    choices = range(1, count + 2) if unit else _CADENCES
    if up:
        return f"{next((each for each in choices if each > count), count)}{unit}"
    return f"{next((each for each in reversed(choices) if each < count), count)}{unit}"
