"""The length of a run is that of the trainer, before there is one."""

from __future__ import annotations

import pytest
import torch

from ganterm.config import resolve
from ganterm.config.schema import steps_of
from ganterm.engine.loop import Trainer


@pytest.mark.parametrize("images", [16, 17, 40, 41, 100])
@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize("d_steps", [1, 3])
def test_steps_are_what_the_trainer_counts(images: int, drop_last: bool, d_steps: int) -> None:
    typed = {"epochs": 7, "batch_size": 16, "drop_last": drop_last, "d_steps": d_steps}
    config = resolve({"recipe": "dcgan-8x8", "device": "cpu", **typed}).config
    data = torch.zeros(images, 1, 8, 8, dtype=torch.uint8)
    assert steps_of(config, images) == Trainer(config, data, torch.device("cpu")).steps_total


def test_steps_are_steps_whatever_the_images() -> None:
    assert steps_of(resolve({"steps": 12}).config, 0) == 12
    assert steps_of(resolve({"epochs": 12, "drop_last": False}).config, 3) == 12
    assert steps_of(resolve({"epochs": 12, "drop_last": True}).config, 3) == 0
