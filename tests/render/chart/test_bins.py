"""A smoothing weight means the same at any zoom and for runs of any length."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.core.blocks import Bin
from ganterm.render.chart.curves import Smoother, smoothing_unit
from tests.render.chart.points import EXTREME, Points, bin_of, evenly

values = st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(EXTREME))


def bins_of(numbers: list[float | None]) -> list[Bin | None]:
    return [None if number is None else bin_of([number]) for number in numbers]


def test_the_average_begins_at_the_first_value_and_forgets_by_the_weight() -> None:
    smoothed = Smoother(0.5).over(bins_of([4.0, 4.0, 10.0]), 1.0)
    # Weights 1, 2, 4 for values from the first to the third.
    assert smoothed == [4.0, 4.0, pytest.approx((4 + 2 * 4 + 4 * 10) / 7)]


def test_empty_and_broken_bins_pass_and_age_what_was_before() -> None:
    broken = bin_of([math.nan])
    smoothed = Smoother(0.5).over([*bins_of([4.0, None]), broken, *bins_of([10.0])], 1.0)
    assert smoothed == [4.0, None, None, pytest.approx((4 + 8 * 10) / 9)]


def test_two_windows_after_each_other_are_smoothed_as_one() -> None:
    numbers: list[float | None] = [float(n * n % 7) for n in range(20)]
    whole = Smoother(0.9).over(bins_of(numbers), 0.5)
    parts = Smoother(0.9)
    assert [*parts.over(bins_of(numbers[:7]), 0.5), *parts.over(bins_of(numbers[7:]), 0.5)] == whole


def test_halving_the_bins_hardly_moves_the_curve() -> None:
    """What a bin of a coarse view shows is what the same step shows in a finer one."""
    points = evenly(math.sin(step / 300) for step in range(4000))
    unit = smoothing_unit(points)
    curves = []
    for columns in (100, 200, 400):
        units = 3999 / columns / unit
        smoothed = Smoother(0.9).over(points.window(0, 3999, columns), units)
        curves.append(smoothed[columns // 100 - 1 :: columns // 100])
    for coarse, fine in zip(curves[0], curves[2], strict=True):
        assert coarse is not None
        assert fine is not None
        assert abs(coarse - fine) < 0.06


def test_a_unit_is_a_share_of_the_run_but_not_less_than_the_distance_of_its_points() -> None:
    assert smoothing_unit(evenly(range(2001), every=10)) == 100.0
    assert smoothing_unit(evenly(range(21), every=100)) == 100.0
    assert smoothing_unit(Points([])) == smoothing_unit(Points([(3, 1.0)])) == 0.0
    assert smoothing_unit(Points([(3, 1.0), (3, 2.0)])) == 0.0


@given(values, st.floats(0.01, 0.999), st.floats(1e-9, 1e3))
def test_any_finite_values_have_a_finite_average_within_their_range(
    numbers: list[float], weight: float, units: float
) -> None:
    smoothed = Smoother(weight).over(bins_of(list(numbers)), units)
    for value in smoothed:
        assert value is not None
        slack = max(map(abs, numbers)) * 1e-9 + 1e-320
        assert min(numbers) - slack <= value <= max(numbers) + slack
