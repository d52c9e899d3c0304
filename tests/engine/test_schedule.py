"""Numbers with a schedule have its value at every step, and a live change ends it."""

from __future__ import annotations

import pytest

from ganterm.core.errors import ConfigError
from ganterm.engine.events import Metrics
from tests.engine.common import small, trainer


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


def test_every_number_has_its_own_schedule_and_is_told_until_it_is_set() -> None:
    """The shorthand falls only what has none; batches of 8 make 0.032 kimg in 4 steps."""
    config = small(
        "mlp",
        steps=8,
        penalty="r1",
        lr_schedule="linear",
        lr_d=1e-3,
        lr_g="4e-4..2e-4:linear:4steps",
        beta2="0.5..0.9:linear:0.032kimg",
        ema_kimg="0..8:linear",
        penalty_weight="2..4:linear",
    )
    run = trainer(config)
    told, found = [], []
    for step in range(8):
        if step == 5:
            run.use(run.changed("lr_g", 1e-5))
        run.advance()
        told += [each.values for each in run.flush() if isinstance(each, Metrics)]
        assert run.ema is not None
        (group_g,), (group_d,) = (
            each.param_groups for each in (run.networks.optimizer_g, run.networks.optimizer_d)
        )
        strength = run.gan_step.numbers["penalty_weight"]
        numbers = group_g["lr"], group_d["lr"], group_d["betas"][1], run.ema.half_life, strength
        found.append(numbers)
    assert found == [
        pytest.approx(
            (
                # What was set falls with the shorthand again.
                1e-5 * (1 - step / 8) if step >= 5 else 4e-4 - 2e-4 * min(step / 4, 1),
                1e-3 * (1 - step / 8),
                0.5 + 0.4 * min(step / 4, 1),
                1000 * step,
                2 + 2 * step / 8,
            )
        )
        for step in range(8)
    ]
    assert [values.get("lr_g") for values in told][4:] == [pytest.approx(2e-4), None, None, None]
    assert told[3]["beta2"] == pytest.approx(0.8)
    assert "lr_d" not in told[0]


@pytest.mark.parametrize(("before", "after"), [(1.0, 0.0), (0.0, "0..1:linear")])
def test_averaging_neither_begins_nor_ends_in_between(before: float, after: object) -> None:
    run = trainer(small("mlp", ema_kimg=before))
    with pytest.raises(ConfigError, match="averaging begins or ends with a run"):
        run.changed("ema_kimg", after)
