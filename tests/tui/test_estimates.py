"""Each configuration is described once, when nobody types any more, by what it depends on."""

from __future__ import annotations

import pytest

from ganterm.client.describe import Description
from ganterm.config import RunConfig, check, resolve
from ganterm.config.runfile import from_mapping
from ganterm.tui.estimates import CALM_SECONDS, Estimates
from tests.tui.forms import COUNTED, TIMED, ScriptedDescriber


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
