"""The laboratory shows what it is for: a collapse that the doctor names, and its cure."""

from __future__ import annotations

import pytest
import torch

from ganterm.config import RunConfig
from ganterm.data import load
from ganterm.doctor.doctor import Doctor
from ganterm.training.loop import Trainer
from tests.training.common import configured, metrics

MODES = 8


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


@pytest.mark.parametrize("seed", [0, 1])
def test_the_ring_collapses_and_the_doctor_says_so(seed: int) -> None:
    modes, codes = train(configured("ring-collapse", steps=600, seed=seed))
    assert max(modes[20:]) <= MODES / 2
    assert "mode-collapse" in codes


@pytest.mark.parametrize("seed", [0, 1])
def test_the_cured_ring_covers_every_mode_and_the_doctor_is_silent(seed: int) -> None:
    modes, codes = train(configured("ring-cured", steps=700, seed=seed))
    assert modes[-5:] == [MODES] * 5
    assert codes == set()
