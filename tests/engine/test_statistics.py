"""Running means are exact, survive a checkpoint, and the first thing that broke is named."""

from __future__ import annotations

import math

import pytest
import torch

from ganterm.engine.statistics import FirstNonFinite, RunningMeans
from tests.engine.common import CPU


def test_means_are_over_the_rows_that_had_the_quantity() -> None:
    means = RunningMeans(CPU)
    for step in range(4):
        means.add(("a", "b"), torch.tensor([float(step), 1.0]))
    means.add(("penalty",), torch.tensor([7.0]))
    assert {name: value.item() for name, value in means.peek().items()} == {
        "a": 1.5,
        "b": 1.0,
        "penalty": 7.0,
    }
    assert list(means.take()) == ["a", "b", "penalty"]
    assert means.take() == {}


def test_sums_are_in_float64_and_leave_the_rows_alone() -> None:
    means, row = RunningMeans(CPU), torch.tensor([1e-8])
    means.add(("a",), torch.tensor([1.0]))
    for _ in range(1000):
        means.add(("a",), row)
    assert means.take()["a"].item() * 1001 == pytest.approx(1 + 1e-5, rel=1e-12)
    assert row.item() == pytest.approx(1e-8)


def test_state_restores_values_counts_and_order() -> None:
    means, restored = RunningMeans(CPU), RunningMeans(CPU)
    for name in ("zebra", "ant", "mole"):
        means.add((name, name + "2"), torch.rand(2))
    sums, counts = means.state()
    restored.load_state(dict(sorted(sums.items())), counts)
    for each in (means, restored):
        each.add(("ant", "ant2"), torch.tensor([0.5, 0.25]))
    ours, theirs = means.take(), restored.take()
    assert list(ours) == list(theirs) == ["zebra", "zebra2", "ant", "ant2", "mole", "mole2"]
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_the_first_step_that_broke_is_remembered(bad: float) -> None:
    watch = FirstNonFinite(("a", "b"))
    assert watch.fetch() is None
    watch.watch(("a", "b"), torch.tensor([1.0, 2.0]), 1)
    assert watch.fetch() is None
    watch.watch(("a", "b"), torch.tensor([1.0, bad]), 2)
    watch.watch(("a", "b"), torch.tensor([bad, bad]), 3)
    watch.watch(("a", "b"), torch.tensor([1.0, 1.0]), 4)
    assert watch.fetch() == (2, "b")


def test_within_a_step_the_cause_comes_before_its_consequences() -> None:
    watch = FirstNonFinite(("penalty", "g_loss"))
    watch.watch(("g_loss",), torch.tensor([1.0]), 1)  # no penalty in this step
    watch.watch(("penalty",), torch.tensor([math.nan]), 2)
    watch.watch(("g_loss",), torch.tensor([math.nan]), 2)
    assert watch.fetch() == (2, "penalty")
    watch.watch(("unheard of",), torch.tensor([math.nan]), 2)
    assert watch.fetch() == (2, "penalty")


def test_late_steps_are_counted_exactly() -> None:
    watch = FirstNonFinite(("a",))
    watch.watch(("a",), torch.tensor([math.nan]), 2**24 + 1)
    assert watch.fetch() == (2**24 + 1, "a")
