"""A window holds the steps it is for, and is full only when it spans them."""

from __future__ import annotations

import math

from ganterm.doctor.window import LEAST, Window


def filled(every: int, last: int, steps: int = 100) -> Window:
    window = Window(steps)
    for step in range(every, last + 1, every):
        window.add(step, float(step))
    return window


def test_it_holds_the_latest_steps() -> None:
    window = filled(10, 500)
    assert (window.values[0], window.last, window.span) == (400.0, 500.0, 100)
    assert window.full
    assert not filled(10, 100).full
    assert filled(10, 110).full


def test_records_far_apart_still_make_a_few() -> None:
    window = filled(1000, 10_000)
    assert len(window.values) == LEAST
    assert window.full
    assert window.median == 8500


def test_what_is_no_finite_number_and_what_comes_twice_is_passed_over() -> None:
    window = Window(10)
    for value in (None, math.nan, math.inf, "1", True):
        window.add(1, value)
    window.add(2, 5)
    window.add(2, 6)
    assert window.values == [5.0]


def test_a_share_of_a_full_window_can_be_enough() -> None:
    window = filled(10, 500)
    assert window.lasts(lambda value: value > 400, share=0.9)
    assert not window.lasts(lambda value: value > 400)
    assert not filled(10, 50).lasts(lambda value: True)
