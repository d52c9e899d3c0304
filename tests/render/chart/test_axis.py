"""Axes show any values at round numbers, told apart by their labels."""

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.render.chart.axis import Scale, fitting_scale, short, step_ticks, value_ticks

HUGE = sys.float_info.max
finite = st.floats(allow_nan=False, allow_infinity=False)


def labels(low: float, high: float, *, log: bool = False, count: int = 5) -> list[str]:
    return [tick.label for tick in value_ticks(Scale(low, high, log), count, 7)]


def test_ends_of_a_scale_stand_in_the_outermost_rows() -> None:
    scale = Scale(-1.0, 3.0)
    assert scale.places([3.0, -1.0, 1.0], 61) == [0, 60, 30]
    assert Scale(0.01, 100.0, log=True).places([100, 0.01, 1, 10], 5) == [0, 4, 2, 1]


def test_values_outside_a_scale_are_clipped_to_it() -> None:
    assert Scale(0.0, 1.0).places([7.0, -7.0], 9) == [0, 8]
    assert Scale(1.0, 10.0, log=True).places([0.0, -3.0, 1e300], 9) == [8, 8, 0]


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (-HUGE, HUGE),
        (0.0, 5e-324),
        (-5e-324, 5e-324),
        (1.0, 1.0 + sys.float_info.epsilon),
        (HUGE / 2, HUGE),
        (-5e-324, HUGE),
    ],
)
def test_rows_are_right_at_the_ends_of_the_floats(low: float, high: float) -> None:
    assert Scale(low, high).places([low, high], 80) == [79, 0]


@given(finite, finite, st.booleans(), st.integers(1, 200), st.integers(1, 12))
def test_any_values_have_a_scale_and_ticks_on_it(
    one: float, other: float, log: bool, rows: int, width: int
) -> None:
    low, high = sorted((abs(one), abs(other)) if log else (one, other))
    if log:
        low, high = max(low, 5e-324), max(high, 5e-324)
    scale = fitting_scale(low, high, log=log)
    assert scale.low <= low <= high <= scale.high
    assert scale.low < scale.high
    lower, upper = scale.places([low, high], rows)
    assert rows > lower >= upper >= 0
    ticks = value_ticks(scale, 5, width)
    assert all(scale.holds(tick.value) and len(tick.label) <= width for tick in ticks)
    assert [tick.value for tick in ticks] == sorted({tick.value for tick in ticks})


def test_a_scale_stays_as_it_is_while_its_values_grow_a_little() -> None:
    assert fitting_scale(0.03, 1.91) == fitting_scale(0.01, 1.99) == Scale(0.0, 2.0)


def test_a_constant_stands_in_the_middle_of_its_scale() -> None:
    for value in (3.1, -2.0, 0.0, 1e-300, 1e300):
        assert fitting_scale(value, value).places([value], 61)[0] in range(25, 36)
    assert fitting_scale(2.0, 2.0, log=True).places([2.0], 61) == [30]


def test_values_are_marked_at_round_numbers() -> None:
    assert labels(0.0, 1.0) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert labels(-0.25, 0.3) == ["-0.2", "-0.1", "0", "0.1", "0.2", "0.3"]
    assert labels(0.0, 3e6) == ["0", "500000", "1e6", "1.5e6", "2e6", "2.5e6", "3e6"]
    assert labels(-1e-7, 3e-7) == ["-1e-7", "0", "1e-7", "2e-7", "3e-7"]


def test_where_the_room_is_short_labels_say_by_how_much_values_exceed_the_first() -> None:
    assert labels(1.23456, 1.23457, count=3) == ["1.23456", "+5e-6", "+1e-5"]


def test_a_logarithmic_axis_is_marked_at_powers_of_ten() -> None:
    assert labels(0.0008, 62.0, log=True) == ["0.001", "0.01", "0.1", "1", "10"]
    assert labels(0.0008, 62.0, log=True, count=2) == ["0.001", "0.1", "10"]
    assert labels(0.3, 6.0, log=True) == ["0.5", "1", "2", "5"]
    assert labels(0.301, 0.302, log=True, count=2) == ["0.3010", "0.3015", "0.3020"]


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (0, 10, ["0", "2", "4", "6", "8", "10"]),
        (0, 1, ["0", "1"]),
        (0, 22600, ["0", "5,000", "10,000", "15,000", "20,000"]),
        (0, 500_000, ["0", "100k", "200k", "300k", "400k", "500k"]),
        (0, 10_000_000, ["0", "2M", "4M", "6M", "8M", "10M"]),
        (1_234_560, 1_234_570, [f"1,234,5{n}" for n in (60, 62, 64, 66, 68, 70)]),
        (3.5, 3.9, []),
    ],
)
def test_steps_are_marked_at_round_whole_numbers(
    start: float, stop: float, expected: list[str]
) -> None:
    assert [tick.label for tick in step_ticks(start, stop, 6)] == expected


@given(st.integers(0, 10**15), st.integers(1, 10**15), st.integers(1, 30))
def test_any_window_of_steps_has_few_ticks_told_apart(start: int, width: int, count: int) -> None:
    ticks = step_ticks(start, start + width, count)
    assert all(start <= tick.value <= start + width for tick in ticks)
    assert len({tick.label for tick in ticks}) == len(ticks) <= 2 * count + 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (0.69314, "0.6931"),
        (-1.7976931348623157e308, "-1.798e308"),
        (1e-7, "1e-7"),
        (123456.0, "1.235e5"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_numbers_are_written_with_four_digits(value: float, expected: str) -> None:
    assert short(value, 10) == expected


@given(st.floats(), st.integers(0, 12))
def test_numbers_fit_the_room_there_is(value: float, width: int) -> None:
    assert len(short(value, width)) <= width
