"""The window over a run's steps: zooming, panning and reading never leave the run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ganterm.tui.widgets.chart_panel import LEAST, Window

WHOLE = Window()


def test_at_first_it_is_the_whole_run_and_grows_with_it() -> None:
    assert WHOLE.bounds(100) == (0.0, 100.0)
    assert WHOLE.bounds(200) == (0.0, 200.0)
    assert WHOLE.limits(100) == (None, None)


def test_a_window_at_the_end_moves_on_with_the_run() -> None:
    zoomed = WHOLE.zoomed(0.5, 100)
    assert zoomed.bounds(100) == (50.0, 100.0)
    assert zoomed.bounds(140) == (90.0, 140.0)


def test_a_window_elsewhere_stays_where_it_is() -> None:
    earlier = WHOLE.zoomed(0.5, 100).panned(-20, 100)
    assert earlier.bounds(100) == (30.0, 80.0)
    assert earlier.bounds(140) == (30.0, 80.0)


def test_what_is_zoomed_about_stays_where_it_is() -> None:
    zoomed = WHOLE.zoomed(0.5, 100, 20)
    assert zoomed.bounds(100) == (10.0, 60.0)
    start, stop = zoomed.zoomed(0.5, 100, 20).bounds(100)
    assert (20 - start) / (stop - start) == 0.2


def test_the_cursor_is_zoomed_about_if_it_can_be_seen() -> None:
    zoomed = WHOLE.pointed(40, 100).zoomed(0.5, 100)
    assert zoomed.bounds(100) == (20.0, 70.0)


def test_zooming_out_ends_with_the_whole_run() -> None:
    zoomed = WHOLE.zoomed(0.5, 100).zoomed(2.0, 100)
    assert zoomed == WHOLE


def test_it_is_dragged_as_far_as_the_run_goes() -> None:
    zoomed = WHOLE.zoomed(0.5, 100)
    assert zoomed.panned(-1000, 100).bounds(100) == (0.0, 50.0)
    assert zoomed.panned(-1000, 100).panned(1000, 100).bounds(100) == (50.0, 100.0)


def test_to_read_at_the_end_is_to_follow_the_run() -> None:
    assert WHOLE.pointed(99, 100).cursor == 99
    assert WHOLE.pointed(100, 100).cursor is None
    assert WHOLE.pointed(-5, 100).cursor == 0
    assert WHOLE.pointed(40, 100).pointed(None, 100).cursor is None


def test_a_step_that_is_read_is_shown() -> None:
    start, stop = WHOLE.zoomed(0.25, 100).pointed(10, 100).bounds(100)
    assert start <= 10 <= stop


def test_what_a_resume_took_back_is_not_read() -> None:
    assert WHOLE.pointed(40, 100).kept(30).cursor is None
    assert WHOLE.pointed(20, 100).kept(30).cursor == 20


deeds = st.lists(
    st.one_of(
        st.tuples(st.just("zoom"), st.floats(0.01, 100.0)),
        st.tuples(st.just("pan"), st.floats(-1e6, 1e6)),
        st.tuples(st.just("point"), st.integers(-10, 10**6)),
    ),
    max_size=20,
)


@given(st.integers(0, 10**6), deeds)
def test_whatever_is_done_it_shows_steps_of_the_run(
    last: int, done: list[tuple[str, float]]
) -> None:
    window = WHOLE
    for deed, amount in done:
        if deed == "zoom":
            window = window.zoomed(amount, last)
        elif deed == "pan":
            window = window.panned(amount, last)
        else:
            window = window.pointed(int(amount), last)
        start, stop = window.bounds(last)
        assert 0 <= start < stop <= max(last, LEAST)
        assert stop - start >= min(LEAST, max(last, LEAST)) * 0.999
        assert window.cursor is None or 0 <= window.cursor < last
        if window.cursor is not None and deed == "point":
            assert start <= window.cursor <= stop
