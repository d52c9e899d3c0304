"""Compiled steps do what eager ones do, and a compiler that fails costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from ganterm import recipes
from ganterm.training import compiled, modes
from ganterm.training.events import Event, FellBack, Metrics
from ganterm.training.loop import Trainer
from ganterm.training.state import export_state
from ganterm.training.step import Forward
from tests.training.agreement import (
    assert_agree,
    assert_the_penalty_counts,
    distance,
    last_d_gradients,
)
from tests.training.common import CPU, metrics, small, trainer

QUICK = "dcgan-8x8"
"""A recipe that the compiler is through with in some ten seconds."""


@pytest.fixture
def compiler() -> Iterator[Any]:
    """Give the compiler's counts, fresh; skip where there is nothing to compile with."""
    if why := modes.obstacle("compiled", CPU):
        pytest.skip(why)
    import torch._dynamo  # noqa: PLC0415 - takes seconds
    from torch._inductor.cpu_vec_isa import pick_vec_isa  # noqa: PLC0415

    if not pick_vec_isa():
        pytest.skip("Inductor's C++ does not compile for a CPU without vector instructions")
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    yield torch._dynamo.utils.counters
    torch._dynamo.reset()


def test_noise_within_a_network_is_that_of_eager(compiler: Any) -> None:
    """Dropout and style noise draw the very numbers that they draw uncompiled."""
    network = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5))
    images = torch.randn(16, 8)
    torch.manual_seed(3)
    exact = network(images)
    forward: Any = compiled.inductor(network)
    torch.manual_seed(3)
    torch.testing.assert_close(forward(images), exact)
    assert compiler["stats"]["unique_graphs"] == 1


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(name, marks=() if name == QUICK else pytest.mark.slow)
        for name in recipes.names()
    ],
)
def test_recipes_have_the_losses_of_eager(recipe: str, compiler: Any) -> None:
    """Six steps measure what eager ones do, noise and all, whole networks compiled."""
    config = small(recipe, steps=6, ema_kimg=0.05, precision="float32")
    run, exact = trainer(config), trainer(config)
    run.run_in("compiled")
    assert_agree(metrics(run), metrics(exact))
    assert run.mode == "compiled"
    assert compiler["stats"]["unique_graphs"] >= 3
    assert not compiler["graph_break"]
    mine, theirs = export_state(run)[0], export_state(exact)[0]
    assert list(mine) == list(theirs), "a checkpoint knows nothing of the compiler"
    averages = [name for name in mine if name.startswith("ema.")]
    assert distance([mine[n] for n in averages], [theirs[n] for n in averages]) <= 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["mlp", "dcgan", "stylegan"])
def test_bfloat16_is_as_near_as_it_can_be(recipe: str, compiler: Any) -> None:
    """Fused operations round less often than single ones, which have 8 bits.

    In a batch as large as the recipes', where roundings average out, as they do in training.
    """
    config = small(recipe, steps=6, precision="bfloat16", batch_size=64)
    run = trainer(config)
    run.run_in("compiled")
    assert_agree(metrics(run), metrics(trainer(config)), 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("penalty", ["r1+r2", "wgan-gp", "r1", "r2"])
def test_a_penalty_beside_compiled_networks_has_its_gradient(penalty: str, compiler: Any) -> None:
    """D's gradient is that of eager, and not the one it would have without the penalty."""
    settings = {"beta1": 0.0, "d_update": "joint"}
    config = small(QUICK, **settings, penalty=penalty, penalty_weight=10.0)
    run = trainer(config)
    run.run_in("compiled")
    assert_the_penalty_counts(
        last_d_gradients(run, 1),
        last_d_gradients(trainer(config), 1),
        last_d_gradients(trainer(small(QUICK, **settings)), 1),
    )
    assert run.mode == "compiled"
    assert compiler["stats"]["unique_graphs"] >= 3


class Spied:
    """A network that pretends to be compiled and notes how it was called."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.sizes: list[int] = []
        self.learning: list[bool] = []

    def __call__(self, given: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        self.sizes.append(given.shape[0])
        self.learning.append(all(each.requires_grad for each in self.network.parameters()))
        result: torch.Tensor = self.network(given, labels)
        return result


def spied(run: Trainer, monkeypatch: pytest.MonkeyPatch) -> tuple[Spied, Spied]:
    """Have `run` train compiled, without a compiler; return its generator and discriminator."""
    made: list[Spied] = []

    def spy(network: nn.Module) -> Forward:
        made.append(Spied(network))
        return made[-1]

    monkeypatch.setattr(compiled, "inductor", spy)
    monkeypatch.setattr(modes, "obstacle", lambda mode, device: "")
    run.run_in("compiled")
    generator, discriminator = made
    return generator, discriminator


@pytest.mark.parametrize("penalty", ["none", "wgan-gp", "r1", "r1+r2"])
def test_penalties_run_the_discriminator_itself(
    penalty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step calls what is compiled for real images and fakes, and for the generator's loss."""
    run = trainer(small("mlp", penalty=penalty))
    generator, discriminator = spied(run, monkeypatch)
    run.advance()
    assert generator.sizes == [8]
    assert discriminator.sizes == [16, 8]


def test_the_generators_step_wants_no_gradients_for_the_discriminator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its weights are constants there, and learn again afterwards."""
    run = trainer(small("mlp"))
    _, discriminator = spied(run, monkeypatch)
    run.advance()
    assert discriminator.learning == [True, False]
    assert all(each.requires_grad for each in run.networks.discriminator.parameters())


def test_only_full_batches_are_compiled_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last four images of an epoch of twenty run as they are."""
    run = trainer(small("mlp", drop_last=False), 20)
    generator, _ = spied(run, monkeypatch)
    for _ in range(6):
        run.advance()
    assert generator.sizes == [8] * 4


def test_fading_steps_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three settled batches, three that fade, and settled ones again."""
    run = trainer(small("stylegan-8x8"))
    generator, _ = spied(run, monkeypatch)
    calls = []
    for _ in range(8):
        run.advance()
        calls.append(len(generator.sizes))
    assert calls == [1, 2, 3, 3, 3, 3, 4, 5]


def test_live_changes_and_schedules_are_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is changed while training changes compiled steps as it does eager ones, to the bit."""
    config = small("mlp", steps=6, lr_schedule="cosine", penalty="r1")
    found = []
    for pretends in (False, True):
        run = trainer(config)
        if pretends:
            spied(run, monkeypatch)
        for at in range(6):
            if at == 3:
                run.use(run.changed("real_label", 0.7))
                run.use(run.changed("penalty_weight", 9.0))
                run.use(run.changed("lr_g", 1e-2))
            run.advance()
        found.append([event.values for event in run.flush()])
    assert found[0] == found[1]


@pytest.mark.parametrize("where", ["forward", "backward"])
@pytest.mark.parametrize("recipe", ["dcgan", "sngan"])
def test_a_compiler_that_fails_loses_nothing(
    recipe: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step is taken back whole and made again in eager, as are all others; it says so once."""
    config = small(recipe, steps=5)
    run = trainer(config)
    monkeypatch.setattr(compiled, "inductor", lambda network: _failing(network, where))
    monkeypatch.setattr(modes, "obstacle", lambda mode, device: "")
    run.run_in("compiled")
    events = list(run.run())
    (told,) = [event for event in events if isinstance(event, FellBack)]
    assert told == FellBack(1, "compiled", "RuntimeError: no such luck")
    assert run.mode == "eager"
    exact = trainer(config)
    expected = metrics(exact)
    assert [e.values for e in events if isinstance(e, Metrics)] == [e.values for e in expected]
    mine, theirs = export_state(run)[0], export_state(exact)[0]
    assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


def test_what_fails_in_eager_too_is_not_blamed_on_the_compiler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It comes out as it would have, with no word of the compiler."""
    run = trainer(small("mlp"))
    spied(run, monkeypatch)
    monkeypatch.setattr(run.networks.optimizer_g, "step", _out_of_memory)
    events: list[Event] = []
    with pytest.raises(MemoryError):
        events.extend(run.run())
    assert not any(isinstance(event, FellBack) for event in events)


def _out_of_memory(*arguments: Any) -> None:
    raise MemoryError


class _Fails(torch.autograd.Function):
    """Passes values on and fails for gradients."""

    @staticmethod
    def forward(context: Any, values: torch.Tensor) -> torch.Tensor:
        return values.view_as(values)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no such luck\nand more")


def _failing(network: nn.Module, where: str) -> Forward:
    """Return a network that has changed its buffers and drawn numbers before it fails."""

    def forward(given: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        values: torch.Tensor = network(given, labels)
        torch.randn(7)
        if where == "forward":
            raise RuntimeError("no such luck\nand more")
        # The discriminator's step is done by the time that the generator's goes wrong.
        if where == "backward" and given.requires_grad:
            failing: torch.Tensor = _Fails.apply(values)
            return failing
        return values

    return forward
