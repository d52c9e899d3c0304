"""A step can be taken back whole."""

from __future__ import annotations

import pytest
import torch

from ganterm.engine.modes import Snapshot
from ganterm.engine.state import export_state
from tests.engine.common import CPU, small, trainer


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize("recipe", ["dcgan", "sngan"])
def test_steps_after_a_snapshot_leave_no_trace(recipe: str, steps: int) -> None:
    """Weights, buffers, moments and random numbers are back, those of a fresh optimiser too."""
    run = trainer(small(recipe))
    for _ in range(steps):
        run.advance()
    run.flush()
    before = export_state(run)[0]
    held = {name: value.data_ptr() for name, value in run.networks.generator.named_parameters()}
    snapshot = Snapshot(run.networks, CPU)
    for _ in range(3):
        run.advance()
    run.flush()
    snapshot.restore()
    after = export_state(run)[0]
    assert after.keys() >= before.keys()
    assert not [n for n in after if n.startswith("optimizer") and n not in before]
    kept = [name for name in before if not name.startswith("statistics.")]
    assert all(torch.equal(after[name], before[name]) for name in kept)
    assert all(each.grad is None for each in run.networks.discriminator.parameters())
    now = {name: value.data_ptr() for name, value in run.networks.generator.named_parameters()}
    assert now == held, "others know the weights by their memory"


def test_rates_come_back_into_the_memory_where_graphs_read_them() -> None:
    run = trainer(small("mlp"))
    group = run.networks.optimizer_g.param_groups[0]
    group["lr"] = held = torch.tensor(0.5)
    snapshot = Snapshot(run.networks, CPU)
    held.fill_(0.25)
    snapshot.restore()
    assert group["lr"] is held
    assert held.item() == 0.5


def test_what_was_no_tensor_is_none_again() -> None:
    run = trainer(small("mlp", lr_g=0.5))
    group = run.networks.optimizer_g.param_groups[0]
    snapshot = Snapshot(run.networks, CPU)
    group["lr"], group["capturable"] = torch.tensor(0.25), True
    snapshot.restore()
    assert (group["lr"], group["capturable"]) == (0.5, False)
