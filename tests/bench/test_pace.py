import itertools

import msgspec
import pytest
import torch

from ganterm.bench.pace import Contestant, Pace, TrainerLoop, race, step_time
from ganterm.bench.workload import prepare
from ganterm.data.progress import silent
from tests.bench.helpers import RECIPE, Listener

CPU = torch.device("cpu")


class Fake:
    """A contestant that notes its turns and claims a pace."""

    def __init__(self, name: str, turns: list[str]) -> None:
        self.name = name
        self.turns = turns

    def train(self, seconds: float) -> Pace:
        self.turns.append(self.name)
        return Pace(steps=len(self.turns), images=10, seconds=seconds)


def loop() -> TrainerLoop:
    workload = prepare(RECIPE, "cpu", silent)
    return TrainerLoop(workload.config, workload.images, CPU)


@pytest.mark.usefixtures("two_rounds")
def test_contestants_take_turns_and_their_first_is_left_out() -> None:
    """The order is A B C, A B C, ...; the figures are those after the round of warming up."""
    turns: list[str] = []
    contestants: dict[str, Contestant] = {name: Fake(name, turns) for name in "abc"}
    listener = Listener()
    paces = race(contestants, turn=2.0, what="race", progress=listener)
    assert "".join(turns) == "abcabcabc"
    assert {name: [pace.steps for pace in found] for name, found in paces.items()} == {
        "a": [4, 7],
        "b": [5, 8],
        "c": [6, 9],
    }
    assert listener.told[-1] == ("race", 9, 9, "turns")


def test_rates_are_images_and_seconds_over_the_turn() -> None:
    """A pace counts real images per second and seconds per step of the generator."""
    pace = Pace(steps=4, images=100, seconds=2.0)
    assert (pace.images_per_s, pace.seconds_per_step) == (50.0, 0.5)


def test_a_turn_trains_and_the_next_goes_on_where_it_was() -> None:
    """Steps and images of the turns add up to those of the trainer."""
    contestant = loop()
    paces = [contestant.train(0) for _ in range(3)]
    assert [pace.steps for pace in paces] == [1, 1, 1]
    assert sum(pace.images for pace in paces) == contestant.trainer.images_seen == 48


def test_a_turn_is_as_long_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with the first step after the time is up."""
    clock = itertools.count()
    monkeypatch.setattr("ganterm.bench.pace.time.perf_counter", lambda: float(next(clock)))
    assert loop().train(50).seconds >= 50


def test_a_turn_has_whole_rounds_of_a_lazy_penalty() -> None:
    """However short it is, a step with the penalty comes with those without it."""
    workload = prepare(RECIPE, "cpu", silent)
    config = msgspec.structs.replace(workload.config, penalty="r1", penalty_every=3)
    contestant = TrainerLoop(config, workload.images, CPU)
    assert [contestant.train(0).steps for _ in range(3)] == [3, 3, 3]


def test_a_conditional_recipe_trains_on_its_labels() -> None:
    """Labels and the number of classes reach the networks."""
    workload = prepare(RECIPE, "cpu", silent)
    config = msgspec.structs.replace(workload.config, conditional="projection")
    labels, data = workload.labels, workload.spec
    contestant = TrainerLoop(config, workload.images, CPU, labels=labels, data=data)
    assert contestant.train(0).steps == 1
    assert contestant.trainer.networks.generator.classes == 10


def test_a_recipe_of_few_epochs_does_not_end_within_a_measurement() -> None:
    """The length of a recipe has no part in how long it can be timed."""
    workload = prepare(RECIPE, "cpu", silent)
    config = msgspec.structs.replace(workload.config, epochs=1)
    contestant = TrainerLoop(config, workload.images[:32], CPU)
    assert sum(contestant.train(0).steps for _ in range(5)) == 5


def test_ours_trains_on_the_workers_threads_and_gives_them_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A small network trains on one thread, as in the worker, and others keep theirs."""
    contestant = loop()
    torch.set_num_threads(2)
    seen: list[int] = []
    advance = contestant.trainer.advance

    def advancing() -> None:
        seen.append(torch.get_num_threads())
        advance()

    monkeypatch.setattr(contestant.trainer, "advance", advancing)
    contestant.train(0)
    assert seen == [1]
    assert torch.get_num_threads() == 2


def test_metrics_come_even_after_few_steps() -> None:
    """Where a turn was too short for a record, training goes on until there is one."""
    metrics = loop().latest_metrics()
    assert metrics.step == 10
    assert {"d_loss", "g_loss", "grad_norm_d"} <= metrics.values.keys()


@pytest.mark.usefixtures("two_rounds")
def test_step_time_is_over_the_rounds() -> None:
    """The time of a step is a spread of positive seconds."""
    spread = step_time(loop(), turn=0, what="steps", progress=silent)
    assert 0 < spread.low <= spread.median <= spread.high
