"""Commands and their answers: none is lost, none is taken for another, an undo goes back."""

from __future__ import annotations

from ganterm.client.pending import Orders
from ganterm.core.records import ControlRecord
from ganterm.runs.live import to_undo


def answer(identity: str, error: str = "", step: int = 7) -> ControlRecord:
    return ControlRecord(step=step, id=identity, error=error)


def test_a_command_waits_until_the_journal_answers() -> None:
    orders = Orders()
    order = orders.ask("pause", {})
    assert orders.posted(order, "a") == []
    assert list(orders.waiting) == ["a"]
    (heard,) = orders.hear([answer("b"), answer("a")])
    assert heard.words == "paused at step 7"
    assert orders.waiting == {}


def test_an_answer_that_is_quicker_than_the_disk_is_not_missed() -> None:
    orders = Orders()
    order = orders.ask("checkpoint", {})
    assert orders.hear([answer("a")]) == []
    (heard,) = orders.posted(order, "a")
    assert heard.words == "checkpoint at step 7"


def test_a_refusal_says_why_until_the_setting_is_asked_for_again() -> None:
    orders = Orders()
    orders.posted(orders.ask("set", {"key": "lr_g", "value": 2.0}), "a")
    (heard,) = orders.hear([answer("a", "lr_g must be a number from 0 to 1")])
    assert heard.words == "lr_g to 2.0 was refused: lr_g must be a number from 0 to 1"
    assert orders.refused["lr_g"] is heard
    orders.ask("set", {"key": "lr_g", "value": 0.5})
    assert orders.refused == {}


def test_what_was_asked_last_says_whether_it_will_stand_paused() -> None:
    orders = Orders()
    assert (orders.will_pause(False), orders.will_pause(True)) == (False, True)
    orders.posted(orders.ask("pause", {}), "a")
    assert orders.will_pause(False)
    orders.posted(orders.ask("resume", {}), "b")
    assert not orders.will_pause(False)
    orders.hear([answer("b")])
    assert orders.will_pause(False)


def test_what_a_setting_was_asked_to_be() -> None:
    """The last word counts, said or still being typed; None is a value too."""
    orders = Orders()
    assert orders.asked_value("penalty_weight") is None
    orders.ask("set", {"key": "penalty_weight", "value": 5.0})
    orders.ask("set", {"key": "penalty_weight", "value": None})
    orders.ask("set", {"key": "lr_g", "value": 1.0})
    assert orders.asked_value("penalty_weight") == (None,)
    orders.wish("penalty_weight", 3.0)
    assert orders.asked_value("penalty_weight") == (3.0,)
    assert orders.take_wishes() == [("penalty_weight", 3.0)]
    assert orders.asked_value("penalty_weight") == (None,)


def test_a_worker_that_ends_answers_nothing_more() -> None:
    orders = Orders()
    orders.posted(orders.ask("sample", {}), "a")
    orders.wish("lr_g", 1.0)
    assert [order.name for order in orders.drop()] == ["sample"]
    assert orders.waiting == {}
    assert orders.take_wishes() == []


def test_strangers_commands_do_not_pile_up() -> None:
    orders = Orders()
    orders.hear([answer(f"{index}") for index in range(1000)])
    assert len(orders._heard) < 100


def test_what_is_asked_for_is_undone_before_it_is_done() -> None:
    orders = Orders()
    orders.ask("set", {"key": "lr_g", "value": 1})
    orders.ask("set", {"key": "lr_g", "value": 3})
    orders.ask("pause", {})
    foreseen = orders.foreseen({"lr_g": 2})
    assert [(each.before, each.after) for each in foreseen] == [(2, 1), (1, 3)]
    assert to_undo(foreseen) == foreseen[-1]
