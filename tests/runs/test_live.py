"""The settings in force, and the change that an undo takes back, come from the journal."""

from __future__ import annotations

from typing import Any

import pytest

from ganterm.runs.live import LiveChange, LiveSettings, live_settings, to_undo
from tests.records import record

START = {"lr_g": 2, "d_steps": 1}


def made(step: int, key: str, value: object, error: str = "") -> Any:
    args = {"key": key, "value": value}
    return record("control", step, id="a", name="set", args=args, error=error)


def change(key: str, before: object, after: object) -> LiveChange:
    return LiveChange(0, key, before, after)


def test_changes_are_in_force_from_their_record_on() -> None:
    """Refused ones and other commands change nothing; what it began with stays known."""
    stop = record("control", 3, id="b", name="stop", args={}, error="")
    found = live_settings(
        [record("start", 0, config=START), made(2, "lr_g", 1), made(3, "lr_g", 9, "too much"), stop]
    )
    assert found.config == {"lr_g": 1, "d_steps": 1}
    assert found.start_config == START
    assert found.changes == (LiveChange(2, "lr_g", 2, 1),)


def test_a_resume_takes_back_what_its_state_has_not_seen() -> None:
    """By the count of changes, and by their steps where there is none."""
    records = [record("start", 0, config=START), made(2, "lr_g", 1), made(5, "lr_g", 3)]
    for seen in ({"controls": 1}, {}):
        again = record("resume", 4, config={**START, "lr_g": 1}, **seen)
        found = live_settings([*records, again])
        assert found.changes == (LiveChange(2, "lr_g", 2, 1),)
        assert found.config["lr_g"] == 1


@pytest.mark.parametrize("args", [{}, {"key": 3, "value": 1}])
def test_garbled_changes_are_none(args: object) -> None:
    """A journal may say anything."""
    found = live_settings([record("control", 1, name="set", args=args), record("resume", 1)])
    assert found == LiveSettings()


def test_what_a_worker_changed_for_the_machines_sake_is_not_taken_back() -> None:
    by_itself = record(
        "control", 3, id="auto-threads-3", name="set", args={"key": "threads", "value": 1}, error=""
    )
    found = live_settings([record("start", 0, config=START), made(2, "lr_g", 1), by_itself])
    assert found.config == {**START, "lr_g": 1, "threads": 1}
    assert to_undo(found.changes) == LiveChange(2, "lr_g", 2, 1)


def test_undos_go_back_one_by_one() -> None:
    """An undone change is not undone again; one made anew is."""
    first, second = change("lr_g", 2, 1), change("d_steps", 1, 3)
    assert to_undo([]) is None
    assert to_undo([first, second]) == second
    undone = change("d_steps", 3, 1)
    assert to_undo([first, second, undone]) == first
    assert to_undo([first, second, undone, change("lr_g", 1, 2)]) is None
