"""The describer gives the newest question's answer alone, and says so when it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from ganterm.client import describe
from ganterm.client.describe import CALM_SECONDS, Describer, Description, Estimates
from ganterm.client.rpc import Cancelled, Failure, Partial, Reply, Result
from ganterm.config import RunConfig, check, resolve
from ganterm.config.runfile import from_mapping
from tests.tui.forms import COUNTED, TIMED, ScriptedDescriber

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


class Clock:
    """Time that passes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def config(**typed: object) -> RunConfig:
    return resolve({"recipe": "dcgan", **typed}).config


def test_nothing_is_asked_before_it_is_calm(clock: Clock) -> None:
    """Of three changes in a row only the last is asked about."""
    describer = ScriptedDescriber(COUNTED, TIMED)
    estimates = Estimates(describer, clock=clock)
    for z_dim in (10, 11, 12):
        estimates.want(config(z_dim=z_dim))
        clock.now += CALM_SECONDS / 2
        assert not estimates.poll()
    assert estimates.pending
    clock.now += CALM_SECONDS
    assert estimates.poll()
    assert [asked["z_dim"] for asked in describer.asked] == [12]
    assert estimates.current == COUNTED
    assert estimates.poll()
    assert (estimates.current, estimates.pending) == (TIMED, False)


def test_what_is_known_is_not_asked_again_nor_what_makes_no_difference(clock: Clock) -> None:
    """A learning rate, a length or another dataset leaves the description as it is."""
    describer = ScriptedDescriber(TIMED)
    estimates = Estimates(describer, clock=clock)
    estimates.want(config())
    clock.now += CALM_SECONDS
    estimates.poll()
    for same in (config(lr_g=1e-5), config(steps=7), config(dataset="kmnist", seed=3)):
        estimates.want(same)
        assert (estimates.current, estimates.pending) == (TIMED, False)
    for other in (config(batch_size=7), config(d_steps=2), config(ema_kimg=3)):
        estimates.want(other)
        assert (estimates.current, estimates.pending) == (None, True)


def test_answers_to_what_is_no_longer_wanted_are_dropped(clock: Clock) -> None:
    """While the form makes no sense nothing is known, and nothing becomes known."""
    describer = ScriptedDescriber(TIMED)
    estimates = Estimates(describer, clock=clock)
    estimates.want(config())
    clock.now += CALM_SECONDS
    estimates._due, estimates._clock = None, clock
    estimates.want(None)
    assert not estimates.poll()
    assert estimates.current is None
    assert not describer.waiting


def test_an_unfinished_description_is_asked_for_again(clock: Clock) -> None:
    describer = ScriptedDescriber(COUNTED)
    estimates = Estimates(describer, clock=clock)
    estimates.want(config())
    clock.now += CALM_SECONDS
    estimates.poll()
    estimates.want(config(z_dim=7))
    estimates.want(config())
    assert estimates.current == COUNTED
    assert estimates.pending


def test_resting_ends_the_process_and_keeps_what_is_known(clock: Clock) -> None:
    describer = ScriptedDescriber(TIMED, Description(error="no"))
    estimates = Estimates(describer, clock=clock)
    estimates.want(config())
    clock.now += CALM_SECONDS
    estimates.poll()
    estimates.rest()
    assert describer.closed == 1
    assert (estimates.current, estimates.pending) == (None, False)
    estimates.want(config())
    assert estimates.current == TIMED


def test_what_is_asked_is_a_legal_configuration(clock: Clock) -> None:
    """What makes no difference is at its default, and still goes together with the rest."""
    for recipe in ("mlp", "wgan-gp", "dcgan-8x8", "sngan", "stylegan"):
        describer = ScriptedDescriber()
        estimates = Estimates(describer, clock=clock)
        estimates.want(resolve({"recipe": recipe}).config)
        clock.now += CALM_SECONDS
        estimates.poll()
        (asked,) = describer.asked
        check(from_mapping(asked))


def test_conditional_networks_depend_on_the_dataset(clock: Clock) -> None:
    """It says how many classes there are; to others every dataset is alike."""
    for conditional, questions in (("none", 1), ("projection", 2)):
        describer = ScriptedDescriber(TIMED, TIMED)
        estimates = Estimates(describer, clock=clock)
        for dataset in ("mnist", "emnist-balanced"):
            estimates.want(config(conditional=conditional, dataset=dataset))
            clock.now += CALM_SECONDS
            while estimates.pending:
                estimates.poll()
        assert len(describer.asked) == questions
