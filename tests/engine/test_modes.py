"""A mode that a machine lacks is refused; auto takes what is quickest, and leaves no trace."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from ganterm.components.networks.growth import Stage, stage_of
from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.engine import graphed, modes
from ganterm.engine.loop import Trainer
from ganterm.engine.modes import (
    Mode,
    TimedModes,
    check_mode,
    choose_mode,
    time_modes,
    unavailable_reason,
)
from ganterm.engine.state import export_state
from ganterm.engine.step import GanStep
from tests.engine.common import CPU, configured, measured, small, trainer
from tests.engine.tape import TapeRecorder
from tests.quick import slow_unless


@pytest.mark.parametrize("kind", ["cpu", "mps"])
def test_graphs_need_a_cuda_device(kind: str) -> None:
    with pytest.raises(ConfigError, match=rf"^mode: graphed needs a CUDA device.* on {kind}; use"):
        check_mode("graphed", torch.device(kind))


def test_graphs_are_refused_where_the_configuration_says_so_already() -> None:
    """The form and the command line need not start anything to know."""
    with pytest.raises(ConfigError, match=r"^mode: .* device is cpu; set mode = eager, or device"):
        small("mlp", mode="graphed", device="cpu")
    assert configured("mlp", mode="graphed", device="auto").mode == "graphed"


@pytest.mark.parametrize("kind", ["cpu", "cuda", "mps"])
def test_eager_is_everywhere(kind: str) -> None:
    assert unavailable_reason("eager", torch.device(kind)) == ""


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("mode", ["eager", "graphed"])
def test_a_cuda_device_has_graphs(mode: Mode) -> None:
    assert unavailable_reason(mode, torch.device("cuda")) == ""


def test_a_trainer_refuses_what_its_device_lacks() -> None:
    with pytest.raises(ConfigError, match=r"^mode: graphed needs a CUDA device"):
        trainer(configured("mlp", mode="graphed", dataset="digits", device="auto"), device=CPU)


class Stopwatch:
    """Steps that take as long as they are told to, by a clock of their own."""

    def __init__(self, seconds: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = seconds
        self.now = 0.0
        self.tried: list[str] = []
        self.stages: list[Stage | None] = []
        self.penalised: list[int] = []
        self.broken: set[str] = set()
        monkeypatch.setattr("time.perf_counter", lambda: self.now)
        monkeypatch.setattr(modes, "step_in", self.step_in)
        monkeypatch.setattr(
            modes,
            "unavailable_reason",
            lambda mode, device: "" if mode in seconds else "it is not here",
        )

    def step_in(self, mode: Mode, step: GanStep, *, fell_back: Callable[[str], None]) -> Any:
        watch = self
        self.tried.append(mode)

        class Timed:
            def run(self, real_batches: Any, labels: Any, *, first_batch: int, **_: Any) -> None:
                watch.now += watch.seconds[mode]
                watch.stages.append(stage_of(step.networks.generator))
                if step.penalises(first_batch):
                    watch.penalised.append(first_batch)
                if mode in watch.broken:
                    fell_back("it does not work here")

        return Timed()


@pytest.mark.parametrize(
    ("seconds", "steps", "tried", "taken"),
    [
        # Nothing else is there.
        ({"eager": 0.1}, 10**6, ["eager"], "eager"),
        # Graphs take no time to capture.
        ({"eager": 0.1, "graphed": 0.01}, 600, ["eager", "graphed"], "graphed"),
        # What is hardly quicker is not worth other sums than those of the reference.
        ({"eager": 0.1, "graphed": 0.096}, 600, ["eager", "graphed"], "eager"),
        ({"eager": 0.1, "graphed": 0.2}, 10**5, ["eager", "graphed"], "eager"),
    ],
)
def test_the_rule(
    seconds: dict[str, float],
    steps: int,
    tried: list[str],
    taken: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = Stopwatch(seconds, monkeypatch)
    chosen = choose(trainer(small("mlp", steps=steps, mode="auto")))
    assert watch.tried == tried
    assert chosen.mode == taken
    assert chosen.seconds == pytest.approx({mode: seconds[mode] for mode in tried})


def test_what_does_not_work_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Stopwatch({"eager": 0.1, "graphed": 0.01}, monkeypatch)
    watch.broken.add("graphed")
    assert choose(trainer(small("mlp", mode="auto"))).mode == "eager"


def test_a_turn_has_a_lazy_penalty_in_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of steps that are penalised every sixteenth time one in sixteen is."""
    watch = Stopwatch({"eager": 0.1}, monkeypatch)
    choose(trainer(small("mlp", penalty="r1", penalty_every=16)))
    assert len(watch.penalised) * 16 == len(watch.stages)


def test_growing_networks_are_measured_full_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand where they stood when it is over."""
    watch = Stopwatch({"eager": 0.1}, monkeypatch)
    run = trainer(small("stylegan-8x8"))
    choose(run)
    assert set(watch.stages) == {Stage(1)}
    assert stage_of(run.networks.generator) == stage_of(run.networks.discriminator) == Stage(0)


@pytest.mark.parametrize(
    "recipe",
    slow_unless(
        {"dcgan", "stylegan-8x8"}.__contains__, ["dcgan", "sngan", "stylegan-8x8", "dcgan-classes"]
    ),
)
def test_the_training_is_as_if_nothing_had_been_measured(
    recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights, moments, buffers and random numbers are untouched, in the midst of a run too."""
    monkeypatch.setattr(modes, "TURNS", 1)
    recorder = TapeRecorder()
    monkeypatch.setattr(modes, "unavailable_reason", lambda mode, device: "")
    monkeypatch.setattr(graphed, "CudaRecorder", lambda device: recorder)
    config = small(recipe, steps=9, ema_kimg=0.05)
    found = []
    for measures in (True, False):
        run = trainer(config)
        recorder.run = run
        for at in range(5):
            if measures and at in {0, 4}:
                before = _state(run)
                tried = choose(run)
                assert set(tried.seconds) == {"eager", "graphed"}
                assert _same(_state(run), before)
            run.advance()
        found.append((measured(list(run.run())), _state(run)))
    assert recorder.replays
    # What led up to the last measurement was flushed before it.
    assert found[0][0] == found[1][0][-len(found[0][0]) :]
    assert len(found[0][0]) == 5
    assert _same(found[0][1], found[1][1])


def test_the_choice_is_told_with_its_figures() -> None:
    told = TimedModes("graphed", {"eager": 0.0123456, "graphed": 0.00234567}).reason
    assert told == "Mode auto takes graphed (eager 12.3 ms a step, graphed 2.35 ms a step)."


def test_what_did_not_work_has_no_figure() -> None:
    told = TimedModes("eager", {"eager": 0.0123456, "graphed": math.inf}).reason
    assert told == "Mode auto takes eager (eager 12.3 ms a step, graphed does not work here)."


def test_each_measurement_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring goes on before the first step, and says so."""
    Stopwatch({"eager": 0.1, "graphed": 0.1}, monkeypatch)
    said: list[str] = []
    choose(trainer(small("mlp", steps=10**5)), said.append)
    assert said == ["measuring a step", "measuring a step captured as a graph"]


def taken(already: str, config: RunConfig) -> tuple[str, int]:
    """Return the mode that is chosen after it was `already`, and how many notes tell of it."""
    run = trainer(config)
    mode, notes = choose_mode(run.networks, run.batches, config, already, lambda what: None)
    return mode, len(notes)


def test_a_choice_holds_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was made on a GPU is made again where there is none."""
    config = small("mlp", mode="auto")
    assert taken("graphed", config) == taken("", config) == ("eager", 1)
    assert taken("eager", config) == ("eager", 0)
    assert taken("graphed", small("mlp", mode="eager")) == ("eager", 0)
    monkeypatch.setattr(modes, "unavailable_reason", lambda mode, device: "")
    assert taken("graphed", config) == ("graphed", 0)


def choose(run: Trainer, say: Callable[[str], None] = lambda what: None) -> TimedModes:
    return time_modes(run.networks, run.batches, run.config, say)


def _state(run: Trainer) -> dict[str, torch.Tensor]:
    run.flush()
    return export_state(run)[0]


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
