import dataclasses
import itertools
from collections.abc import Callable

import msgspec
import pytest
import torch

from ganterm.benchmarks.pace import TrainerLoop, Turn, Workload, prepare, race
from ganterm.data.progress import silent
from tests.benchmarks.helpers import RECIPE, Listener

CPU = torch.device("cpu")


def workload(**settings: object) -> Workload:
    made = prepare(RECIPE, "cpu", silent)
    return dataclasses.replace(made, config=msgspec.structs.replace(made.config, **settings))


@pytest.mark.usefixtures("two_rounds")
def test_contestants_take_turns_and_their_first_is_left_out() -> None:
    """The order is A B C, A B C, ...; the figures are those after the round of warming up."""
    turns: list[str] = []

    def contestant(name: str) -> Callable[[float], Turn]:
        def train(seconds: float) -> Turn:
            turns.append(name)
            return Turn(steps=len(turns), images=10, seconds=seconds)

        return train

    listener = Listener()
    paces = race({name: contestant(name) for name in "abc"}, 2.0, "race", listener)
    assert "".join(turns) == "abcabcabc"
    steps = {name: [pace.steps for pace in found] for name, found in paces.items()}
    assert steps == {"a": [4, 7], "b": [5, 8], "c": [6, 9]}
    assert listener.told[-1] == ("race", 9, 9, "turns")


def test_rates_are_images_and_seconds_over_the_turn() -> None:
    """A pace counts real images per second and seconds per step of the generator."""
    pace = Turn(steps=4, images=100, seconds=2.0)
    assert (pace.images_per_s, pace.seconds_per_step) == (50.0, 0.5)


def test_a_turn_trains_and_the_next_goes_on_where_it_was() -> None:
    """Steps and images of the turns add up to those of the trainer, and its metrics are kept."""
    loop = TrainerLoop(workload(log_every=2), CPU)
    paces = [loop.train(0) for _ in range(3)]
    assert [pace.steps for pace in paces] == [1, 1, 1]
    assert sum(pace.images for pace in paces) == loop.trainer.images_seen == 48
    while loop.metrics is None:
        loop.train(0)
    assert {"d_loss", "g_loss", "grad_norm_d"} <= loop.metrics.values.keys()


def test_a_turn_is_as_long_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with the first step after the time is up."""
    clock = itertools.count()
    monkeypatch.setattr("ganterm.benchmarks.pace.time.perf_counter", lambda: float(next(clock)))
    assert TrainerLoop(workload(), CPU).train(50).seconds >= 50


def test_a_turn_has_whole_rounds_of_a_lazy_penalty() -> None:
    """However short it is, a step with the penalty comes with those without it."""
    loop = TrainerLoop(workload(), CPU, penalty="r1", penalty_every=3)
    assert [loop.train(0).steps for _ in range(3)] == [3, 3, 3]


def test_a_conditional_recipe_trains_on_its_labels() -> None:
    """Labels and the number of classes reach the networks."""
    loop = TrainerLoop(workload(), CPU, conditional="projection")
    assert loop.train(0).steps == 1
    assert loop.trainer.networks.generator.classes == 10


def test_a_recipe_of_few_epochs_does_not_end_within_a_measurement() -> None:
    """The length of a recipe has no part in how long it can be timed."""
    loop = TrainerLoop(workload(batch_size=1024), CPU, epochs=1)
    assert sum(loop.train(0).steps for _ in range(3)) == 3


def test_ours_trains_on_the_workers_threads_and_gives_them_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A small network trains on one thread, as in the worker, and others keep theirs."""
    loop = TrainerLoop(workload(), CPU)
    torch.set_num_threads(2)
    seen: list[int] = []
    advance = loop.trainer.advance

    def advancing() -> None:
        seen.append(torch.get_num_threads())
        advance()

    monkeypatch.setattr(loop.trainer, "advance", advancing)
    loop.train(0)
    assert seen == [1]
    assert torch.get_num_threads() == 2
