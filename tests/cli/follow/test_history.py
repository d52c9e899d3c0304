"""What a follower knows of a run."""

import math

import pytest

from ganterm.cli.follow.history import History
from tests.records import record


def test_a_resume_takes_back_what_came_after_its_step() -> None:
    """Metrics and epochs beyond a resume's step are no part of the history in force."""
    history = History()
    history.add(record("start", 0, steps=100, epochs=4))
    for step in (10, 20, 30):
        history.add(record("metrics", step, d_loss=step / 10))
    history.add(record("epoch", 25, epoch=1))
    history.add(record("resume", 20, steps=100, epochs=4))
    assert history.series("d_loss") == [1.0, 2.0]
    assert history.epochs == []
    assert history.step == 20


def test_remaining_time_follows_the_recent_pace() -> None:
    """With 10 steps a second and 60 steps to go, 6 seconds are left."""
    history = History()
    history.add(record("start", 0, steps=100))
    for step in range(10, 50, 10):
        history.add(record("metrics", step, time=step / 10))
    assert history.seconds_left == pytest.approx(6.0)


def test_there_is_no_remaining_time_before_there_is_a_pace() -> None:
    """A run that has only begun promises nothing."""
    history = History()
    history.add(record("start", 0, steps=100))
    assert history.seconds_left is None


def test_a_pause_does_not_count_as_pace() -> None:
    """After a pause the remaining time is estimated from the steps since."""
    history = History()
    history.add(record("start", 0, steps=100))
    history.add(record("metrics", 10, time=1.0))
    history.add(record("control", 10, time=2.0, name="pause", args={}, error=""))
    history.add(record("metrics", 20, time=1000.0))
    history.add(record("metrics", 30, time=1001.0))
    assert history.seconds_left == pytest.approx(7.0)


def test_a_loss_that_was_not_finite_is_nan_in_its_series() -> None:
    """The journal writes null for NaN; a curve needs a number back."""
    history = History()
    history.add(record("metrics", 10, d_loss=None))
    assert math.isnan(history.series("d_loss")[0])
    assert history.latest("d_loss") is None


def test_a_new_life_of_the_run_forgets_its_end() -> None:
    """A resumed run has not ended, whatever its journal said before."""
    history = History()
    history.add(record("end", 10, reason="stopped", message="", exit_code=0))
    assert history.end is not None
    history.add(record("resume", 10, steps=100))
    assert history.end is None


@pytest.mark.parametrize(
    ("precision", "place"), [("float32", "cpu"), ("bfloat16", "cpu in bfloat16"), (None, "cpu")]
)
def test_the_place_names_an_unusual_number_format(precision: str | None, place: str) -> None:
    """Journals of other origin may not have it."""
    config = {} if precision is None else {"precision": precision}
    history = History()
    history.add(record("start", 0, device="cpu", config=config))
    assert history.place == place
