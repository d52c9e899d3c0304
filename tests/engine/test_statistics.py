"""Running means are exact, survive a checkpoint, and the first thing that broke is named."""

from __future__ import annotations

import math

import pytest
import torch

from ganterm.engine.statistics import FirstNonFinite, RunningSums, Statistics
from tests.engine.common import CPU


def test_means_are_over_the_rows_that_had_the_quantity() -> None:
    """Window and epoch are closed each in its time, and come in that order, each once."""
    statistics = Statistics(CPU, ("a", "b", "penalty"))
    assert not statistics.close(statistics.window)
    for step in range(4):
        statistics.add(("a", "b"), torch.tensor([float(step), 1.0]), step)
    statistics.add(("penalty",), torch.tensor([7.0]), 3)
    assert statistics.close(statistics.window)
    statistics.add(("a", "b"), torch.tensor([14.0, 1.0]), 4)
    assert statistics.close(statistics.epoch)
    assert statistics.fetch() == [
        {"a": 1.5, "b": 1.0, "penalty": 7.0},
        {"a": 4.0, "b": 1.0, "penalty": 7.0},
    ]
    assert statistics.fetch() == []
    assert statistics.close(statistics.window)
    assert statistics.fetch() == [{"a": 14.0, "b": 1.0}]
    assert statistics.first_broken() is None


def test_sums_are_in_float64_and_leave_the_rows_alone() -> None:
    statistics, row = Statistics(CPU, ("a",)), torch.tensor([1e-8])
    statistics.add(("a",), torch.tensor([1.0]), 0)
    for step in range(1000):
        statistics.add(("a",), row, step)
    statistics.close(statistics.window)
    (means,) = statistics.fetch()
    assert means["a"] * 1001 == pytest.approx(1 + 1e-5, rel=1e-12)
    assert row.item() == pytest.approx(1e-8)


def test_state_restores_sums_counts_and_order() -> None:
    sums, restored = RunningSums(CPU), RunningSums(CPU)
    for name in ("zebra", "ant", "mole"):
        sums.add((name, name + "2"), torch.rand(2, dtype=torch.float64))
    saved, counts = sums.state()
    restored.load_state(dict(sorted(saved.items())), counts)
    for each in (sums, restored):
        each.add(("ant", "ant2"), torch.tensor([0.5, 0.25], dtype=torch.float64))
    ours, theirs = sums.take(), restored.take()
    assert list(ours) == list(theirs) == [(n, n + "2") for n in ("zebra", "ant", "mole")]
    assert all(torch.equal(ours[names][0], theirs[names][0]) for names in ours)
    assert [count for _, count in theirs.values()] == [1, 2, 1]


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
