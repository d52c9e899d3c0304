"""Runs that fail are found out within 200 steps, and healthy ones are left alone.

Runs as they were recorded are seen by every machine alike. What is trained anew differs from its
first last digit on, and may come to something else: of that a share must be as it should.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord, Record
from ganterm.data import load
from ganterm.data.catalogue import missing_splits
from ganterm.doctor.doctor import Doctor
from ganterm.engine.loop import Trainer
from tests.doctor.make_recorded import HEALTHY, RECORDED, RUNS, config_of, measured, records_of
from tests.engine.common import CPU, configured

MNIST: dict[str, dict[str, Any]] = {
    "mlp": {"steps": 800, "width": 0.5},
    "mlp-small": {"steps": 800, "width": 0.5},
    "dcgan": {"steps": 300, "width": 0.5, "batch_size": 64},
    "dcgan-resize": {"steps": 300, "width": 0.5, "batch_size": 64},
    "dcgan-upsample": {"steps": 300, "width": 0.25, "batch_size": 32},
    "sngan": {"steps": 300, "width": 0.25, "batch_size": 32},
    "wgan-gp": {"steps": 250, "width": 0.25, "batch_size": 32},
    "stylegan": {"steps": 600, "width": 0.25, "grow_kimg": 5, "fade_kimg": 2},
    "turbo": {"steps": 800},
    "best": {"steps": 600, "width": 1.0},
}
"""Recipes made narrow enough for two cores, at lengths at which a doctor has made up its mind."""
SEEDS = range(3)


TROUBLES = sorted(RUNS.keys() - HEALTHY)


def found(config: RunConfig, records: Iterable[Record]) -> list[str]:
    """Return the codes of all that the doctor finds in a run, in order."""
    doctor = Doctor(config)
    return [alert.code for record in records for alert in doctor.see(record)]


def recorded(name: str) -> list[MetricsRecord]:
    columns = json.loads(RECORDED.read_text(encoding="utf-8"))[name]
    rows = zip(*columns.values(), strict=True)
    values = [dict(zip(columns, row, strict=True)) for row in rows]
    return [MetricsRecord(step=int(each.pop("step")), values=each) for each in values]


@pytest.mark.parametrize("code", TROUBLES)
def test_a_run_made_to_fail_is_caught_within_200_steps(code: str) -> None:
    """As it was recorded, to the end."""
    records = recorded(code)
    assert records[-1].step == 200
    assert code in found(config_of(code), records)


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_run_is_left_alone(name: str) -> None:
    """Also where losses and gradients jump since a resolution comes in, slowly or at once."""
    records = recorded(name)
    assert records[-1].step == RUNS[name]["steps"]
    assert found(config_of(name), records) == []


def test_runs_measure_what_was_recorded() -> None:
    """A run of today's has the recorded quantities, and takes them at the recorded steps."""
    (first, *_) = recorded("stall")
    record = next(measured(config_of("stall")))
    assert record.values.keys() == first.values.keys()
    assert record.step == first.step


@pytest.mark.slow
def test_most_runs_trained_anew_come_to_what_they_were_made_for() -> None:
    """Three quarters of four seeds of each, whatever machine trains them, and one of each kind."""
    came = Counter[str]()
    for name in RUNS:
        for seed in range(4):
            config = config_of(name, seed)
            codes = found(config, measured(config))
            came[name] += codes == [] if name in HEALTHY else name in codes
    assert min(came[name] for name in RUNS) >= 1, came
    for names in (TROUBLES, HEALTHY):
        assert sum(came[name] for name in names) >= 0.75 * 4 * len(names), came


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("recipe", MNIST)
def test_thirty_healthy_runs_give_no_false_alarm(recipe: str, seed: int) -> None:
    if missing_splits("mnist", "train"):
        pytest.skip("MNIST is not installed; `ganterm data import` does that")
    config = configured(
        recipe, dataset="mnist", split="train", epochs=0, seed=seed, **MNIST[recipe]
    )
    data = load("mnist", split="train", image_size=config.image_size, channels=1)
    run = Trainer(config, data.images, CPU, labels=data.labels, data=data.spec)
    assert found(config, records_of(run)) == []
