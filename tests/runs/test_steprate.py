"""The remaining time follows the pace of the last seconds."""

import pytest

from ganterm.runs.history import StepRate


def test_before_two_reports_there_is_no_pace() -> None:
    rate = StepRate()
    assert rate.steps_per_second is None
    rate.add(1.0, 10)
    assert rate.steps_per_second is None
    assert rate.seconds_to(100) is None


def test_the_time_left_is_what_the_pace_takes() -> None:
    rate = StepRate()
    rate.add(1.0, 10)
    rate.add(3.0, 50)
    assert rate.steps_per_second == 20.0
    assert rate.seconds_to(150) == 5.0
    assert rate.seconds_to(50) == rate.seconds_to(3) == 0.0


def test_only_the_last_seconds_count() -> None:
    rate = StepRate(span=10.0)
    for time, step in ((0.0, 0), (100.0, 1000), (105.0, 1010), (110.0, 1020)):
        rate.add(time, step)
    assert rate.steps_per_second == 2.0


@pytest.mark.parametrize("second", [(5.0, 20), (7.0, 10), (3.0, 20), (7.0, 5)])
def test_a_clock_or_a_run_that_stands_still_or_goes_back_has_no_pace(
    second: tuple[float, int],
) -> None:
    rate = StepRate()
    rate.add(5.0, 10)
    rate.add(*second)
    assert rate.seconds_to(100) is None


def test_what_is_forgotten_does_not_count() -> None:
    rate = StepRate()
    rate.add(0.0, 0)
    rate.clear()
    rate.add(10.0, 10)
    rate.add(11.0, 20)
    assert rate.steps_per_second == 10.0
