"""A curve shows the means, smoothed from before the window, on a scale that holds them."""

import math

import pytest

from ganterm.render.chart import Area, Reference, Trace, View
from ganterm.render.chart.axis import Scale
from ganterm.render.chart.curves import Curve, curve_of, scale_for
from tests.render.chart.points import Points, evenly


def area(start: float, stop: float, width: int = 40) -> Area:
    return Area(0, 0, width, 10, start, stop)


def curve(points: Points, view: View | None = None, columns: int = 40) -> Curve:
    start, stop = points.extent or (0, 1)
    return curve_of(Trace("x", points), area(start, stop), columns, view or View())


def test_a_curve_without_smoothing_goes_through_the_means() -> None:
    found = curve(evenly([1.0, 3.0, 5.0, 7.0]), columns=2)
    assert found.line == [2.0, 6.0]
    assert found.has_band


def test_points_that_are_one_to_a_column_have_no_band_unless_they_are_smoothed() -> None:
    points = evenly([1.0, 3.0, 5.0, 7.0])
    assert not curve(points, columns=4).has_band
    assert curve(points, View(smoothing=0.5), columns=4).has_band
    assert not curve(points, View(smoothing=0.5, bands=False), columns=4).has_band


@pytest.mark.parametrize("weight", [0.3, 0.9, 0.99, 1.0])
def test_zooming_in_shows_the_same_smoothed_curve(weight: float) -> None:
    """What lies before a window goes into its average, though it is not seen."""
    points = evenly([math.sin(step / 40) + step % 3 for step in range(2000)])
    view = View(smoothing=weight)
    whole = curve_of(Trace("x", points), area(0, 1999), 2000, view)
    part = curve_of(Trace("x", points), area(1000, 1199), 200, view)
    for seen, before in zip(part.line, whole.line[1000:1200], strict=True):
        assert seen is not None
        assert before is not None
        assert abs(seen - before) < 0.1


def test_a_value_is_read_from_the_nearest_point_that_is_near() -> None:
    points = Points([(100, 1.0), (110, 2.0), (300, 3.0)])
    found = curve_of(Trace("x", points), area(0, 1000), 1000, View())
    assert [found.nearest(x) for x in (90, 100, 180, 290, 340)] == [100, 100, 110, 300, 300]
    assert found.nearest(40) is None
    assert found.nearest(360) is None
    assert curve(Points([])).nearest(0) is None


def test_the_scale_holds_every_point_and_the_references_near_them() -> None:
    found = [curve(evenly([0.2, 0.9, 0.4]))]
    assert scale_for(found, View(), []) == Scale(0.2, 0.9)
    assert scale_for(found, View(), [Reference(1.0, "1")]) == Scale(0.2, 1.0)
    assert scale_for(found, View(), [Reference(9.0, "9")]) == Scale(0.2, 0.9)
    assert scale_for(found, View(), [Reference(math.nan, "?")]) == Scale(0.2, 0.9)


def test_given_limits_are_the_scale_unless_they_make_no_sense() -> None:
    found = [curve(evenly([0.2, 0.9, 0.4]))]
    assert scale_for(found, View(limits=(0, 1)), []) == Scale(0, 1)
    for limits in ((1.0, 0.0), (0.0, math.inf), (math.nan, 1.0)):
        assert scale_for(found, View(limits=limits), []) == Scale(0.2, 0.9)
    assert scale_for(found, View(limits=(0, 1), log=True), []).low > 0
    assert scale_for(found, View(limits=(0.1, 1), log=True), []) == Scale(0.1, 1, log=True)


def test_without_outliers_the_farthest_values_are_beyond_the_scale() -> None:
    values = [1.0 + step % 5 / 10 for step in range(200)]
    values[7] = 1e9
    values[9] = -1e9
    found = [curve(evenly(values), columns=200)]
    assert scale_for(found, View(), []).high >= 1e9
    scale = scale_for(found, View(outliers=False), [])
    assert 0.9 <= scale.low <= 1.0
    assert 1.4 <= scale.high <= 1.5


def test_a_logarithmic_scale_is_of_what_is_positive() -> None:
    scale = scale_for([curve(evenly([-5.0, 0.0, 0.01, 10.0]))], View(log=True), [])
    assert 0.005 < scale.low <= 0.01
    assert 10 <= scale.high < 20
    assert scale_for([curve(evenly([-5.0, 0.0]))], View(log=True), []).low > 0


def test_with_nothing_to_draw_the_references_make_the_scale() -> None:
    scale = scale_for([curve(Points([]))], View(), [Reference(0.5, "0.5")])
    assert scale.holds(0.5)
    assert scale_for([], View(), []).low < scale_for([], View(), []).high
