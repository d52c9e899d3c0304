"""Learning rates stay, or fall from whole to nothing over the run, for both networks alike."""

from __future__ import annotations

import pytest

from ganterm.engine.loop import lr_factor
from tests.engine.common import small, trainer


@pytest.mark.parametrize("kind", ["constant", "linear", "cosine"])
def test_factor_starts_at_one_and_never_rises(kind: str) -> None:
    factors = [lr_factor(kind, step, 50) for step in range(51)]
    assert factors[0] == 1
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] == pytest.approx(1 if kind == "constant" else 0)
    assert lr_factor(kind, 99, 50) == pytest.approx(factors[-1])
    assert lr_factor(kind, 0, 0) == 1


def test_halfway_both_schedules_are_at_half() -> None:
    assert lr_factor("linear", 25, 50) == pytest.approx(0.5)
    assert lr_factor("cosine", 25, 50) == pytest.approx(0.5)
    assert lr_factor("cosine", 10, 50) > lr_factor("linear", 10, 50)


def test_the_loop_sets_both_rates_each_step_two_time_scales_and_all() -> None:
    run = trainer(small("mlp", steps=4, lr_g=1e-4, lr_d=4e-4, lr_schedule="linear"))
    rates = []
    for _ in range(4):
        run.advance()
        groups = (run.networks.optimizer_g.param_groups, run.networks.optimizer_d.param_groups)
        rates.append([group["lr"] for (group,) in groups])
    assert rates == [pytest.approx([1e-4 * f, 4e-4 * f]) for f in (1, 0.75, 0.5, 0.25)]


def test_a_run_counted_in_epochs_falls_over_its_real_length() -> None:
    run = trainer(small("mlp", epochs=2, lr_schedule="linear", lr_g=1e-3), 44)
    rates = []
    while run.step < run.steps_total:
        run.advance()
        rates.append(run.networks.optimizer_g.param_groups[0]["lr"])
    assert rates == pytest.approx([1e-3 * (1 - step / 12) for step in range(12)])
