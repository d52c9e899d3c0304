"""A window of a series shows all its points, whatever they are and in whatever order they came."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.core import blocks as blocks_module
from ganterm.core import series as series_module
from ganterm.core.blocks import Bin
from ganterm.core.series import Entries, Series
from tests.render.chart.points import EXTREME, Points

value = st.floats() | st.sampled_from((*EXTREME, math.nan)) | st.none()
points = st.lists(st.tuples(st.integers(0, 60), value), max_size=60)


def series_of(values: Sequence[float | None], every: int = 1) -> Series:
    return Series().plus(range(0, len(values) * every, every), values)


def plain(found: Sequence[tuple[int, float | None]]) -> Points:
    ordered = sorted(found, key=lambda point: point[0])
    return Points((step, math.nan if value is None else value) for step, value in ordered)


def same(one: Sequence[Bin | None], other: Sequence[Bin | None]) -> bool:
    return len(one) == len(other) and all(map(alike, one, other))


def alike(one: Bin | None, other: Bin | None) -> bool:
    """Compare two bins, their means up to rounding."""
    if one is None or other is None:
        return one is other
    if (one.points, one.broken) != (other.points, other.broken):
        return False
    if not one.points:
        return math.isnan(one.mean)
    slack = max(abs(one.low), abs(one.high)) * 1e-12 + 1e-320
    return (one.low, one.high, one.last) == (other.low, other.high, other.last) and (
        abs(one.mean - other.mean) <= slack
    )


@given(points, st.integers(-5, 70), st.integers(0, 70), st.integers(1, 12))
def test_a_window_of_few_points_is_exact(
    found: list[tuple[int, float | None]], start: int, width: int, columns: int
) -> None:
    series = Series()
    for step, number in found:
        series = series.plus([step], [number])
    expected = plain(found).window(start, start + width, columns)
    assert same(series.window(start, start + width, columns), expected)
    assert len(series) == len(found)
    assert series.extent == plain(found).extent


@given(st.lists(points, max_size=4))
def test_adding_many_at_once_is_adding_one_by_one(
    parts: list[list[tuple[int, float | None]]],
) -> None:
    together, single = Series(), Series()
    for part in parts:
        together = together.plus([step for step, _ in part], [number for _, number in part])
        for step, number in part:
            single = single.plus([step], [number])
    assert same(together.window(0, 60, 30), single.window(0, 60, 30))


@pytest.mark.parametrize("columns", [1, 3, 16, 150, 5000])
@pytest.mark.parametrize(("start", "stop"), [(0, 19_999), (311, 17_003.5), (4_000, 4_100)])
def test_a_window_of_many_points_loses_none_and_counts_none_twice(
    columns: int, start: float, stop: float
) -> None:
    rng = random.Random(columns)
    values = [rng.gauss(0, 1) for _ in range(20_000)]
    bins = [each for each in series_of(values).window(start, stop, columns) if each]
    inside = values[math.ceil(start) : math.floor(stop) + 1]
    assert sum(each.points for each in bins) == len(inside)
    assert min(each.low for each in bins) == min(inside)
    assert max(each.high for each in bins) == max(inside)
    mean = math.fsum(each.mean * each.points for each in bins) / len(inside)
    assert mean == pytest.approx(math.fsum(inside) / len(inside), abs=1e-12)
    assert bins[-1].last == inside[-1]


def test_a_point_is_never_farther_from_its_place_than_a_fraction_of_a_column() -> None:
    """Of 20,000 points in 100 columns, each is in its column, or a quarter of one beside it."""
    for step in range(0, 20_000, 997):
        values = [0.0] * 20_000
        values[step] = 1.0
        bins = series_of(values).window(0, 19_999, 100)
        (column,) = [x for x, each in enumerate(bins) if each and each.high == 1.0]
        assert column - 0.25 <= step / 199.99 <= column + 1.25


@pytest.mark.parametrize("every", [1, 10])
def test_columns_of_up_to_31_points_are_exact(every: int) -> None:
    values = [math.sin(step * step) for step in range(700)]
    for start, columns in ((0, 24), (5, 24), (13, 30), (3, 60)):
        expected = Points((step * every, number) for step, number in enumerate(values))
        window = (start * every, 699 * every, columns)
        assert same(series_of(values, every).window(*window), expected.window(*window))


def test_a_column_of_few_points_is_exact_beside_one_of_many() -> None:
    steps = [*range(10_000), *range(10_000, 20_000, 500)]
    values = [math.sin(step) for step in steps]
    series = Series().plus(steps, values)
    expected = Points(zip(steps, values, strict=True)).window(3, 19_999, 20)[10:]
    assert same(series.window(3, 19_999, 20)[10:], expected)


@given(st.data())
def test_uneven_steps_are_all_found(data: st.DataObject) -> None:
    """Where one stretch has many points and another few, columns of both show all of theirs."""
    widths = data.draw(st.lists(st.sampled_from([0, 1, 1, 1, 90]), min_size=1, max_size=400))
    steps = [sum(widths[: index + 1]) for index in range(len(widths))]
    values = [math.sin(index) for index in range(len(steps))]
    series = Series().plus(steps, values)
    columns = data.draw(st.integers(1, 20))
    bins = [each for each in series.window(0, steps[-1], columns) if each]
    assert sum(each.points for each in bins) == len(steps)
    assert max(each.high for each in bins) == max(values)


@given(
    st.integers(0, 700),
    st.lists(st.integers(-1, 700), max_size=4),
    st.sampled_from([0.0, math.nan, 1e308]),
)
def test_what_is_taken_back_is_as_if_it_had_never_been(
    count: int, cuts: list[int], odd: float
) -> None:
    values = [odd if index % 50 == 0 else math.cos(index) for index in range(count)]
    series = series_of(values)
    steps = list(range(count))
    for cut in cuts:
        series.window(0, 700, 10)
        series = series.until(cut)
        del steps[bisect_right(steps, cut) :]
        again = range(len(steps), min(len(steps) + 9, count))
        series = series.plus(again, [values[step] for step in again])
        steps.extend(again)
    assert same(series.window(0, 700, 90), series_of(values[: len(steps)]).window(0, 700, 90))


def test_points_that_are_not_numbers_are_counted_where_they_are() -> None:
    series = series_of([1.0, math.nan, 3.0, math.inf, None, 6.0])
    bins = series.window(0, 5, 3)
    assert [each and (each.points, each.broken) for each in bins] == [(1, 1), (1, 1), (1, 1)]
    assert [each and each.mean for each in bins] == [1.0, 3.0, 6.0]
    assert len(series) == 6


def test_a_series_of_nothing_but_nan_has_its_extent_and_no_value() -> None:
    series = series_of([math.nan] * 5, every=10)
    assert series.extent == (0, 40)
    assert series.latest is not None
    assert math.isnan(series.latest)
    assert series.nearest(7) is None
    bins = series.window(0, 40, 2)
    assert [each and (each.points, each.broken) for each in bins] == [(0, 2), (0, 3)]


def test_an_empty_series_has_empty_columns() -> None:
    series = Series()
    assert series.window(0, 10, 3) == [None] * 3
    assert series.extent is None
    assert series.latest is None
    assert len(series) == 0
    assert series.until(5).plus([], []).window(0, 0, 1) == [None]


@pytest.mark.parametrize("huge", [1.7976931348623157e308, -1.7976931348623157e308])
@pytest.mark.parametrize("count", [3, 64, 5000])
def test_means_of_huge_numbers_are_finite(huge: float, count: int) -> None:
    (only,) = series_of([huge] * count).window(0, count, 1)
    assert only is not None
    assert only.low == only.high == huge
    assert only.mean == pytest.approx(huge)


def test_the_newest_value_is_that_of_the_last_step() -> None:
    series = series_of([1.0, 2.0])
    assert series.latest == 2.0
    broken = series.plus([5], [None])
    assert broken.latest is not None
    assert math.isnan(broken.latest)
    assert broken.plus([6], [3.0]).latest == 3.0
    assert [*broken.plus([4], [4.0]).values][:3] == [1.0, 2.0, 4.0]


def test_the_nearest_point_is_found() -> None:
    series = series_of([1.0, 2.0, 3.0], every=10)
    asked = (-5, 4, 6, 14.9, 20, 99)
    assert [series.nearest(step) for step in asked] == [
        (0, 1.0), (0, 1.0), (10, 2.0), (10, 2.0), (20, 3.0), (20, 3.0)
    ]  # fmt: skip


def test_a_series_stays_as_it_was_when_others_grow_out_of_it() -> None:
    """Whether they go on, are cut, or have a point among its own."""
    series = series_of([1.0, 2.0, 3.0])
    series.window(0, 3, 4).clear()
    for other in (series.plus([3], [4.0]), series.until(0).plus([1], [9.0]), series.plus([1], [5])):
        assert [*other.values] != [*series.values]
    assert [*series.plus([3], [4.0]).values] == [1.0, 2.0, 3.0, 4.0]
    assert [*series.values] == [1.0, 2.0, 3.0]
    assert len(series.window(0, 3, 4)) == 4


def test_entries_stay_as_they_were_when_longer_ones_grow_out_of_them() -> None:
    none = Entries[int]()
    two = none.plus(1).plus(2)
    assert [*two.plus(3)] == [1, 2, 3]
    assert [*two.plus(4)] == [1, 2, 4]
    assert (len(none), [*two], two[-1], two[:1], two[5:]) == (0, [1, 2], 2, [1], [])
    assert two == [1, 2]
    with pytest.raises(IndexError):
        two[2]


def test_a_window_without_columns_or_width_is_refused() -> None:
    series = series_of([1.0])
    for window in ((0, 1, 0), (1, 0, 5), (math.nan, 1, 5)):
        with pytest.raises(ValueError, match="columns between"):
            series.window(*window)
    with pytest.raises(ValueError, match="2 values for 1 steps"):
        series.plus([1], [1.0, 2.0])


def test_a_window_of_very_many_points_looks_at_few_of_them() -> None:
    """The blocks that a window of 144 columns is made of are some thousands, not all 262,144."""
    series = series_of([1.0] * 2**18)
    looked: list[int] = []

    class Counting:
        def __init__(self, column: Sequence[float]) -> None:
            self.column = column

        def __getitem__(self, place: slice) -> Sequence[float]:
            found = self.column[place]
            looked.append(len(found))
            return found

    series.window(0, 2**18 - 1, 144)
    series._window = None
    storage = series._storage
    for name in ("lows", "highs", "means"):
        setattr(storage, name, Counting(getattr(storage, name)))
    storage.reckon = lambda size: None  # type: ignore[method-assign]
    series.window(0, 2**18 - 1, 144)
    assert 144 * 3 < sum(looked) < 144 * 3 * 32


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have series keep few points each, in few blocks."""
    for module in (series_module, blocks_module):
        monkeypatch.setattr(module, "EXACT", 128)
    monkeypatch.setattr(blocks_module, "MOST_BLOCKS", 16)


@pytest.mark.usefixtures("bounds")
@pytest.mark.parametrize("at_once", [7, 200, 20_000])
def test_a_long_series_is_bounded_and_shows_each_of_its_points(at_once: int) -> None:
    """Extremes, mean, last and number are those of all, however they came."""
    rng = random.Random(at_once)
    values = [math.nan if step % 50 == 3 else rng.gauss(0, 1) for step in range(20_000)]
    series = Series()
    for begin in range(0, len(values), at_once):
        part = values[begin : begin + at_once]
        series = series.plus(range(begin, begin + len(part)), part, ascending=True)
    for found in (series, Series.restored(series.state())):
        assert len(found._past.ends) < 16
        assert found._size < 128 + max(128, found._past.width)
        assert len(found._broken.steps) < 128
        assert len(found) == len(values)
        assert found.extent == (0, 19_999)
        assert found.latest == values[-1]
        sound = [value for value in values if not math.isnan(value)]
        for columns in (1, 3, 40):
            bins = [each for each in found.window(0, 19_999, columns) if each]
            assert sum(each.points for each in bins) == len(sound)
            assert sum(each.broken for each in bins) == len(values) - len(sound)
            assert min(each.low for each in bins if each.points) == min(sound)
            assert max(each.high for each in bins if each.points) == max(sound)
            mean = math.fsum(each.mean * each.points for each in bins if each.points)
            assert mean / len(sound) == pytest.approx(math.fsum(sound) / len(sound), abs=1e-9)
            assert bins[-1].last == values[-1]


@pytest.mark.usefixtures("bounds")
def test_of_a_long_series_nothing_is_left_after_the_step_it_is_taken_back_to() -> None:
    series = Series().plus(range(20_000), [float(step) for step in range(20_000)])
    for cut in (19_950, 12_345, 4_000, 3):
        series = series.until(cut)
        last = series.latest or 0.0
        assert cut - 2 * series._past.width <= last <= cut
        assert series.nearest(20_000) == (None if len(series) == 0 else (last, last))
        again = series.plus([cut + 1], [0.5])
        assert (again.latest, again.nearest(cut + 1)) == (0.5, (cut + 1, 0.5))


@pytest.mark.usefixtures("bounds")
def test_a_series_broken_for_long_is_bounded() -> None:
    series = Series().plus(range(5_000), [math.nan] * 5_000)
    (only,) = series.window(0, 4_999, 1)
    assert only is not None
    assert (only.broken, series.extent) == (5_000, (0, 4_999))
    assert len(series._broken.steps) < 128
