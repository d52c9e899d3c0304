"""Real runs that are made to fail are caught within 200 steps, and healthy ones are left alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganterm.config import RunConfig
from ganterm.data import load
from ganterm.data.catalogue import missing_splits
from ganterm.doctor.doctor import Doctor
from ganterm.training.loop import Trainer
from tests.training.common import CPU, configured, metrics, trainer

MADE_TO_FAIL = {
    "mode-collapse": {"lr_g": 0.1},
    "vanishing-gradient": {"lr_g": 0.1},
    "exploding-gradient": {"lr_d": 0.3},
    "g-too-strong": {"lr_d": 1e-6},
    "stall": {"lr_g": 0.0, "lr_d": 0.0},
}
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


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    """Compute with one: the last digits, and so the runs, depend on their number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def tiny(**settings: Any) -> RunConfig:
    return configured("dcgan-8x8", **{"epochs": 0, "steps": 200, "seed": 0, **settings})


def found(run: Trainer) -> list[tuple[int, str]]:
    """Train to the end; return step and code of all that the doctor finds."""
    doctor = Doctor(run.config)
    return [
        (event.step, alert["code"])
        for event in metrics(run)
        for alert in doctor.see(
            {"v": 1, "kind": "metrics", "step": event.step, "time": 0.0, **event.values}
        )
    ]


@pytest.mark.parametrize("code", MADE_TO_FAIL)
def test_a_run_made_to_fail_is_caught_within_200_steps(code: str) -> None:
    assert code in [name for _, name in found(trainer(tiny(**MADE_TO_FAIL[code])))]


def test_a_healthy_run_of_the_embedded_default_is_left_alone() -> None:
    assert found(trainer(tiny(steps=600))) == []


@pytest.mark.parametrize("fade_kimg", [0, 1])
def test_a_run_that_grows_is_left_alone(fade_kimg: float) -> None:
    """Losses and gradients jump where a resolution comes in, also where it does so at once."""
    config = configured(
        "stylegan-8x8", width=0.25, steps=400, seed=0, grow_kimg=6.4, fade_kimg=fade_kimg
    )
    assert found(trainer(config)) == []


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
    run = Trainer(config, data.images, CPU, labels=data.labels, classes=len(data.classes))
    assert found(run) == []
