"""The describer gives the newest question's answer alone, and says so when it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from ganterm.client import describe
from ganterm.client.describe import Describer, Description
from ganterm.client.rpc import Cancelled, Failure, Partial, Reply, Result

COUNTS = {"generator_parameters": 5, "discriminator_parameters": 3}


class PlayedHelper:
    """Stands for the process that answers; the test says what it replies."""

    def __init__(self, *_module: str, name: str) -> None:
        self.asked: list[dict[str, Any]] = []
        self.cancelled: list[int] = []
        self.replies: list[Reply] = []
        self.closed = False
        helpers.append(self)

    def call(self, method: str, params: dict[str, Any], *, patience: float) -> int:
        assert method == "describe"
        assert patience > 0
        self.asked.append(params)
        return len(self.asked)

    def cancel(self, call: int) -> None:
        self.cancelled.append(call)

    def poll(self) -> list[Reply]:
        replies, self.replies = self.replies, []
        return replies

    def close(self) -> None:
        self.closed = True


helpers: list[PlayedHelper] = []


@pytest.fixture
def describer(monkeypatch: pytest.MonkeyPatch) -> Describer:
    monkeypatch.setattr(describe, "Helper", PlayedHelper)
    return Describer()


def test_counts_come_first_and_the_time_later(describer: Describer) -> None:
    assert describer.poll() is None
    describer.ask({"recipe": "mlp"})
    helper = helpers[-1]
    assert helper.asked == [{"recipe": "mlp"}]
    assert describer.poll() is None
    helper.replies = [Partial(1, COUNTS)]
    assert describer.poll() == Description(5, 3)
    waiting = [describer.waiting]
    helper.replies = [
        Partial(1, COUNTS),
        Result(1, {**COUNTS, "seconds_per_1000_steps": 2.5, "device": "cpu"}),
    ]
    assert describer.poll() == Description(5, 3, 2.5, "cpu")
    assert [*waiting, describer.waiting] == [True, False]
    assert describer.poll() is None


def test_answers_to_earlier_questions_are_dropped(describer: Describer) -> None:
    describer.ask({"seed": 1})
    describer.ask({"seed": 2})
    helper = helpers[-1]
    assert helper.cancelled == [1]
    helper.replies = [Partial(1, COUNTS), Cancelled(1)]
    assert describer.poll() is None
    assert describer.waiting
    helper.replies = [Failure(2, "loss: no.", 2)]
    assert describer.poll() == Description(error="loss: no.")
    describer.ask({"seed": 3})
    describer.cancel()
    helper.replies = [Result(3, {"device": "cpu"})]
    assert describer.poll() is None
    describer.close()
    assert helper.closed


@pytest.mark.parametrize("value", [{"generator_parameters": "many"}, {"memory_bytes": 0.5}])
def test_what_is_no_description_is_told_of(describer: Describer, value: dict[str, Any]) -> None:
    describer.ask({})
    helpers[-1].replies = [Result(1, {**value, "device": "cpu"})]
    answer = describer.poll()
    assert answer is not None
    assert "makes no sense" in answer.error
    assert not describer.waiting
