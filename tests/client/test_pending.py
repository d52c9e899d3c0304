"""Commands and their answers: none is lost, none is taken for another, an undo goes back."""

from __future__ import annotations

from ganterm.client.pending import PendingCommands
from ganterm.core.records import ControlRecord
from ganterm.runs.live import to_undo


def answer(identity: str, error: str = "", step: int = 7) -> ControlRecord:
    return ControlRecord(step=step, id=identity, error=error)


def test_a_command_waits_until_the_journal_answers() -> None:
    pending = PendingCommands()
    order = pending.expect("pause", {})
    assert pending.posted(order, "a") == []
    assert list(pending.waiting) == ["a"]
    (heard,) = pending.acknowledge([answer("b"), answer("a")])
    assert heard.words == "paused at step 7"
    assert pending.waiting == {}


def test_an_answer_that_is_quicker_than_the_disk_is_not_missed() -> None:
    pending = PendingCommands()
    order = pending.expect("checkpoint", {})
    assert pending.acknowledge([answer("a")]) == []
    (heard,) = pending.posted(order, "a")
    assert heard.words == "checkpoint at step 7"


def test_a_refusal_says_why_until_the_setting_is_asked_for_again() -> None:
    pending = PendingCommands()
    pending.posted(pending.expect("set", {"key": "lr_g", "value": 2.0}), "a")
    (heard,) = pending.acknowledge([answer("a", "lr_g must be a number from 0 to 1")])
    assert heard.words == "lr_g to 2.0 was refused: lr_g must be a number from 0 to 1"
    assert pending.refused["lr_g"] is heard
    pending.expect("set", {"key": "lr_g", "value": 0.5})
    assert pending.refused == {}


def test_what_was_asked_last_says_whether_it_will_stand_paused() -> None:
    pending = PendingCommands()
    assert (pending.will_pause(False), pending.will_pause(True)) == (False, True)
    pending.posted(pending.expect("pause", {}), "a")
    assert pending.will_pause(False)
    pending.posted(pending.expect("resume", {}), "b")
    assert not pending.will_pause(False)
    pending.acknowledge([answer("b")])
    assert pending.will_pause(False)


def test_what_a_setting_was_asked_to_be() -> None:
    """The last word counts, said or still being typed; None is a value too."""
    pending = PendingCommands()
    assert pending.requested_value("penalty_weight") is None
    pending.expect("set", {"key": "penalty_weight", "value": 5.0})
    pending.expect("set", {"key": "penalty_weight", "value": None})
    pending.expect("set", {"key": "lr_g", "value": 1.0})
    assert pending.requested_value("penalty_weight") == (None,)
    pending.queue("penalty_weight", 3.0)
    assert pending.requested_value("penalty_weight") == (3.0,)
    assert pending.take_queued() == [("penalty_weight", 3.0)]
    assert pending.requested_value("penalty_weight") == (None,)


def test_a_worker_that_ends_answers_nothing_more() -> None:
    pending = PendingCommands()
    pending.posted(pending.expect("sample", {}), "a")
    pending.queue("lr_g", 1.0)
    assert [order.name for order in pending.abandon()] == ["sample"]
    assert pending.waiting == {}
    assert pending.take_queued() == []


def test_strangers_commands_do_not_pile_up() -> None:
    pending = PendingCommands()
    pending.acknowledge([answer(f"{index}") for index in range(1000)])
    assert len(pending._early) < 100


def test_what_is_asked_for_is_undone_before_it_is_done() -> None:
    pending = PendingCommands()
    pending.expect("set", {"key": "lr_g", "value": 1})
    pending.expect("set", {"key": "lr_g", "value": 3})
    pending.expect("pause", {})
    foreseen = pending.projected({"lr_g": 2})
    assert [(each.before, each.after) for each in foreseen] == [(2, 1), (1, 3)]
    assert to_undo(foreseen) == foreseen[-1]
