"""The laboratory shows what it is for: a collapse that the doctor names, and its cure."""

from __future__ import annotations

import torch

from ganterm.config import RunConfig
from ganterm.data import load
from ganterm.doctor.doctor import Doctor
from ganterm.training.loop import Trainer
from tests.training.common import configured, metrics

MODES = 8
SEEDS = range(3)
ENOUGH = 2


def train(config: RunConfig) -> tuple[list[float], set[str]]:
    """Train to the end; return the modes covered at each record, and the alerts' codes."""
    images = load("ring", split="train", image_size=config.image_size, channels=1).images
    trainer, doctor = Trainer(config, images, torch.device("cpu")), Doctor(config)
    modes, codes = [], set()
    for event in metrics(trainer):
        modes.append(event.values["modes"])
        record = {"v": 1, "kind": "metrics", "step": event.step, "time": 0.0, **event.values}
        codes |= {alert["code"] for alert in doctor.see(record)}
    return modes, codes


def test_the_ring_collapses_and_the_doctor_says_so() -> None:
    """With two of three seeds at least: which one does not is up to the last digits."""
    outcomes = [train(configured("ring-collapse", steps=600, seed=seed)) for seed in SEEDS]
    seen = [max(modes[20:]) <= MODES / 2 and "mode-collapse" in codes for modes, codes in outcomes]
    assert sum(seen) >= ENOUGH, outcomes


def test_the_cured_ring_covers_every_mode_and_the_doctor_is_silent() -> None:
    """With two of three seeds at least."""
    outcomes = [train(configured("ring-cured", steps=700, seed=seed)) for seed in SEEDS]
    seen = [modes[-5:] == [MODES] * 5 and not codes for modes, codes in outcomes]
    assert sum(seen) >= ENOUGH, outcomes
