"""The describer gives the newest question's answer alone, and says so when it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from ganterm.runs import describe
from ganterm.runs.describe import Describer, Description


class FakeChild:
    """Stands for the process that answers; the test says what it says."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.asked: list[dict[str, Any]] = []
        self.said: list[dict[str, Any]] = []
        self.exit_code: int | None = None
        self.takes = True
        self.closed = False

    def send(self, message: dict[str, Any]) -> bool:
        if self.takes:
            self.asked.append(message)
        return self.takes

    def poll(self) -> list[dict[str, Any]]:
        said, self.said = self.said, []
        return said

    def last_words(self) -> str:
        return "ImportError: no torch"

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[FakeChild]:
    started: list[FakeChild] = []

    def start(module: str) -> FakeChild:
        started.append(FakeChild(module))
        return started[-1]

    monkeypatch.setattr(describe, "Child", start)
    return started


def test_counts_come_first_and_the_time_later(children: list[FakeChild]) -> None:
    describer = Describer()
    assert describer.poll() is None
    describer.ask({"recipe": "mlp"})
    (child,) = children
    assert child.asked == [{"recipe": "mlp"}]
    assert describer.poll() is None
    child.said = [{"n": 1, "generator_parameters": 5, "discriminator_parameters": 3}]
    assert describer.poll() == Description(5, 3)
    waiting = [describer.waiting]
    child.said = [{"n": 1, "generator_parameters": 5, "discriminator_parameters": 3}]
    child.said += [{**child.said[0], "seconds_per_1000_steps": 2.5, "device": "cpu"}]
    assert describer.poll() == Description(5, 3, 2.5, "cpu")
    assert [*waiting, describer.waiting] == [True, False]
    assert describer.poll() is None


def test_answers_to_earlier_questions_are_dropped(children: list[FakeChild]) -> None:
    describer = Describer()
    describer.ask({"seed": 1})
    describer.ask({"seed": 2})
    (child,) = children
    child.said = [{"n": 1, "generator_parameters": 1, "device": "cpu"}]
    assert describer.poll() is None
    assert describer.waiting
    child.said = [{"n": 2, "error": "loss: no."}]
    assert describer.poll() == Description(error="loss: no.")
    describer.ask({"seed": 3})
    describer.cancel()
    child.said = [{"n": 3, "device": "cpu"}]
    assert describer.poll() is None


def test_a_process_that_went_away_is_replaced(children: list[FakeChild]) -> None:
    """It ends by itself when idle; the next question starts another, counting from one."""
    describer = Describer()
    describer.ask({"seed": 1})
    children[0].said = [{"n": 1, "error": "no"}]
    describer.poll()
    children[0].takes = False
    describer.ask({"seed": 2})
    assert len(children) == 2
    assert children[0].closed
    children[1].said = [{"n": 1, "device": "cpu"}]
    assert describer.poll() == Description(device="cpu")


def test_a_process_that_died_at_work_says_its_last_words(children: list[FakeChild]) -> None:
    describer = Describer()
    describer.ask({})
    children[0].exit_code = -9
    answer = describer.poll()
    assert answer is not None
    assert answer.error == "Describing this configuration broke off: ImportError: no torch"
    assert not describer.waiting


def test_no_process_at_all_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(module: str) -> None:
        raise OSError(11, module)

    monkeypatch.setattr(describe, "Child", refuse)
    describer = Describer()
    describer.ask({})
    answer = describer.poll()
    assert answer is not None
    assert answer.error.startswith("No process could be started")


@pytest.mark.parametrize("seconds", [None, "fast", float("nan"), float("inf"), -1, 0])
def test_a_time_that_is_none_is_not_shown(children: list[FakeChild], seconds: object) -> None:
    describer = Describer()
    describer.ask({})
    children[0].said = [
        {"n": 1, "generator_parameters": "many", "device": "cpu", "seconds_per_1000_steps": seconds}
    ]
    answer = describer.poll()
    assert answer is not None
    assert answer.seconds_per_1000_steps is None
    assert answer.generator_parameters == 0
