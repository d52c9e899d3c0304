"""The live changes of a run can be told from its journal, through crashes and repetitions."""

from ganterm.core.records import ControlRecord, PendingChange, ResumeRecord, StartRecord
from ganterm.runs.live import steering


def change(identity: str, step: int, value: float = 1e-4) -> PendingChange:
    return PendingChange(identity, step, {"key": "lr_g", "value": value})


def made(identity: str, step: int, value: float = 1e-4, error: str = "") -> ControlRecord:
    args = {"key": "lr_g", "value": value}
    return ControlRecord(step=step, id=identity, name="set", args=args, error=error)


def resumed(step: int, controls: int, pending: list[PendingChange]) -> ResumeRecord:
    return ResumeRecord(step=step, controls=controls, pending=pending)


START = StartRecord(step=0)


def test_changes_come_in_order_and_refused_ones_not() -> None:
    """Only what took effect counts; other commands are no changes."""
    stop = ControlRecord(step=4, id="c", name="stop")
    found = steering([START, made("a", 2), made("b", 3, error="too much"), stop, made("d", 5)])
    assert found.after(0) == [change("a", 2), change("d", 5)]
    assert found.after(1) == [change("d", 5)]
    assert found.after(2) == []


def test_a_resume_gives_up_what_its_state_has_not_seen() -> None:
    """What it lists as pending takes the place of the changes it has not seen."""
    resume = resumed(3, controls=1, pending=[change("d", 5)])
    found = steering([START, made("a", 2), made("d", 5), resume])
    assert found.applied == [change("a", 2)]
    assert found.after(1) == [change("d", 5)]


def test_a_change_made_again_is_pending_no_more() -> None:
    """Otherwise a second crash would make it twice."""
    resume = resumed(3, controls=0, pending=[change("a", 4), change("b", 6)])
    found = steering([START, made("a", 4), made("b", 6), resume, made("a", 4)])
    assert found.after(0) == [change("a", 4), change("b", 6)]
    assert found.pending == [change("b", 6)]


def test_a_change_refused_the_second_time_is_pending_no_more() -> None:
    """It is not tried at every later resume."""
    resume = resumed(3, controls=0, pending=[change("a", 4)])
    found = steering([START, made("a", 4), resume, made("a", 4, error="no longer")])
    assert found.after(0) == []


def test_a_new_change_before_a_pending_one_comes_before_it() -> None:
    """The order is that in which the run saw them."""
    resume = resumed(3, controls=0, pending=[change("a", 9)])
    found = steering([START, made("a", 9), resume, made("new", 5)])
    assert found.after(0) == [change("new", 5), change("a", 9)]


def test_one_id_may_come_twice() -> None:
    """Commands made by hand may share a file name; each is its own change."""
    twice = [change("mine", 4, 1e-4), change("mine", 6, 3e-4)]
    resume = resumed(3, controls=0, pending=twice)
    found = steering([START, resume, made("mine", 4, 1e-4)])
    assert found.after(0) == twice
    assert found.pending == twice[1:]


def test_a_repeated_run_has_everything_pending() -> None:
    """Its start lists the changes of the run it repeats."""
    start = StartRecord(step=0, pending=[change("a", 2)])
    assert steering([start]).after(0) == [change("a", 2)]
    assert steering([start, made("a", 2)]).after(1) == []
