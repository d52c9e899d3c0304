import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
import torch

from ganterm.benchmarks import steps
from ganterm.benchmarks.pace import TrainerLoop, Turn, prepare
from ganterm.benchmarks.result import Spread
from ganterm.benchmarks.steps import AS_IT_IS, NO_NORM, TECHNIQUES, count_flops
from ganterm.benchmarks.suite import BenchSettings
from ganterm.data.progress import silent
from tests.benchmarks.helpers import RECIPE, figure

CPU = torch.device("cpu")
GRAPHS = "CUDA graphs"


def choose(monkeypatch: pytest.MonkeyPatch, names: Sequence[str]) -> None:
    monkeypatch.setattr(steps, "TECHNIQUES", {name: TECHNIQUES[name] for name in names})


@pytest.fixture(autouse=True)
def small_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "SIDE", 64)


@pytest.mark.usefixtures("two_rounds")
def test_every_technique_can_be_trained_with(settings: BenchSettings) -> None:
    """All are timed but what this recipe has already, and what it cannot have, which is told."""
    result = steps.techniques(settings, silent)
    names = list(TECHNIQUES)
    absent = ("a D step each on real and fake", "fresh fakes for G", "WGAN-GP's penalty")
    for name in absent if torch.cuda.is_available() else (*absent, GRAPHS):
        names.remove(name)
    assert [row["technique"] for row in result.records()] == [AS_IT_IS, *names]
    for index in range(1, len(result.rows)):
        assert figure(result, "ratio", index) > 0
    assert result.notes[0] == f"{RECIPE}: digits train, 1,797 images of 8x8."
    assert result.notes[1].startswith(f"{RECIPE} cannot have WGAN-GP's penalty: penalty")
    graphs = f"{RECIPE} cannot have {GRAPHS}: mode: graphed needs a CUDA device"
    assert result.notes[2].startswith(graphs)
    assert len(result.notes) == 3


@pytest.mark.usefixtures("two_rounds")
def test_a_ratio_is_to_what_the_technique_is_held_against(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spectral norm is held against a discriminator without norm, others against the recipe."""
    choose(monkeypatch, [NO_NORM, "spectral norm"])
    costs = {"batch": 4.0, "none": 2.0, "spectral": 3.0}

    def train(self: TrainerLoop, seconds: float) -> Turn:
        config = self.trainer.config
        kind = "spectral" if config.spectral_norm else config.d_norm
        return Turn(steps=1, images=1, seconds=costs.get(kind, costs["batch"]))

    monkeypatch.setattr(TrainerLoop, "train", train)
    result = steps.techniques(settings, silent)
    rows = result.records()
    assert [figure(result, "step_seconds", row) for row in range(3)] == [4.0, 2.0, 3.0]
    assert (figure(result, "ratio", 1), rows[1]["against"]) == (0.5, AS_IT_IS)
    assert (figure(result, "ratio", 2), rows[2]["against"]) == (1.5, NO_NORM)
    assert [row["sources"] for row in rows] == [None, None, "1.05x to 1.1x"]


@pytest.mark.usefixtures("two_rounds")
@pytest.mark.parametrize("falls_back", [False, True])
def test_a_mode_is_timed_where_the_machine_has_it_and_holds(
    falls_back: bool, settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps that fell back to eager are not timed as what they were to be, and the note says so."""

    class Loop(TrainerLoop):
        def __init__(self, *arguments: Any, **asked: Any) -> None:
            super().__init__(*arguments)
            self.trainer.config = msgspec.structs.replace(self.trainer.config, **asked)
            if asked and not falls_back:
                self.trainer.mode = "graphed"

    choose(monkeypatch, [GRAPHS])
    monkeypatch.setattr(steps, "check", lambda _: None)
    monkeypatch.setattr(steps, "TrainerLoop", Loop)
    monkeypatch.setattr(steps, "unavailable_reason", lambda *_: "")
    result = steps.techniques(settings, silent)
    timed = [AS_IT_IS] if falls_back else [AS_IT_IS, GRAPHS]
    assert [row["technique"] for row in result.records()] == timed
    told = [f"{RECIPE} trained with {GRAPHS} for a while only, and then in eager."]
    assert result.notes[1:] == (told if falls_back else [])
    monkeypatch.setattr(steps, "unavailable_reason", lambda *_: "it is not there")
    result = steps.techniques(settings, silent)
    assert [row["technique"] for row in result.records()] == [AS_IT_IS]
    assert result.notes[1] == f"{RECIPE} cannot have {GRAPHS}: it is not there."


@pytest.mark.usefixtures("two_rounds")
def test_images_without_labels_leave_out_what_needs_them(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that is told."""
    choose(monkeypatch, ["conditional, projection"])
    made = prepare(RECIPE, "cpu", silent)
    bare = dataclasses.replace(made, images=dataclasses.replace(made.images, labels=None))
    monkeypatch.setattr("ganterm.benchmarks.pace.prepare", lambda *_: bare)
    result = steps.techniques(settings, silent)
    assert [row["technique"] for row in result.records()] == [AS_IT_IS]
    assert result.notes[1].endswith("there are no labels.")


@pytest.mark.usefixtures("two_rounds")
def test_the_share_is_of_the_product_in_the_same_format(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each format's steps are held against its own products, round by round."""
    turns = itertools.count(4)  # of four contestants: a round's load is its number

    def step(self: TrainerLoop, seconds: float) -> Turn:
        load = next(turns) // 4
        return Turn(1, 1, load * (0.5 if self.trainer.config.precision == "float32" else 0.25))

    def multiply(matrix: torch.Tensor, seconds: float) -> Turn:
        load = next(turns) // 4
        return Turn(1, 0, load * (1e-3 if matrix.dtype == torch.float32 else 1e-4))

    monkeypatch.setattr(TrainerLoop, "train", step)
    monkeypatch.setattr(steps, "multiply", multiply)
    monkeypatch.setattr(steps, "count_flops", lambda _: 1e6)
    result = steps.limit(settings, silent)
    assert [row["precision"] for row in result.records()] == ["float32", "bfloat16"]
    # The two rounds that count are loaded twice and three times.
    middle = (1 / 2 + 1 / 3) / 2
    achieved = [figure(result, "achieved", row) for row in (0, 1)]
    assert achieved == pytest.approx([2e6 * middle, 4e6 * middle])
    flops = 2 * 64**3
    shares = [row["share"] for row in result.records()]
    for share, expected in zip(shares, (2e6 * 1e-3 / flops, 4e6 * 1e-4 / flops), strict=True):
        assert isinstance(share, Spread)
        assert [share.low, share.high] == pytest.approx([expected, expected])


@pytest.mark.usefixtures("two_rounds")
def test_real_steps_are_counted_and_timed(settings: BenchSettings) -> None:
    """The same arithmetic is counted in both formats."""
    result = steps.limit(settings, silent)
    assert [row["recipe"] for row in result.records()] == [RECIPE, RECIPE]
    assert figure(result, "flops", 0) == figure(result, "flops", 1) > 0
    assert figure(result, "share", 0) > 0


def test_a_step_is_counted_forward_and_backward() -> None:
    """Three layers of D on real and fake, then G through D: by hand for a network of one width."""
    workload = prepare("mlp", "cpu", silent)
    loop = TrainerLoop(workload, CPU, batch_size=8)
    networks = loop.trainer.networks
    sizes = {
        name: sum(p.numel() for p in network.parameters() if p.dim() == 2)
        for name, network in (("g", networks.generator), ("d", networks.discriminator))
    }
    first_g, first_d = (
        next(p for p in network.parameters() if p.dim() == 2).numel()
        for network in (networks.generator, networks.discriminator)
    )
    # Of each weight a product forward, one for its own gradient, and, but for the first layer's
    # inputs that need none, one for the gradient of its inputs.
    forward = sizes["g"] + 3 * sizes["d"]
    weights = sizes["g"] + 2 * sizes["d"]
    inputs = (sizes["g"] - first_g) + 2 * (sizes["d"] - first_d) + sizes["d"]
    assert count_flops(loop) == 2 * 8 * (forward + weights + inputs)


def test_a_lazy_penalty_counts_for_its_share_of_the_steps() -> None:
    """Steps without it are counted with those that have it."""
    workload = prepare(RECIPE, "cpu", silent)
    none, always, lazy = (
        count_flops(TrainerLoop(workload, CPU, **settings))
        for settings in ({}, {"penalty": "r1"}, {"penalty": "r1", "penalty_every": 4})
    )
    assert lazy == pytest.approx(none + (always - none) / 4)
