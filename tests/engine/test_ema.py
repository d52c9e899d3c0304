"""The averaged generator follows the published formula, image by image."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganterm.engine.build import Ema
from tests.engine.common import small, trainer


def test_after_its_half_life_in_images_half_of_the_old_is_left() -> None:
    ema = Ema(nn.Linear(1, 1), kimg=2)
    late = 10**6
    assert ema.decay(2000, late) == pytest.approx(0.5)
    assert ema.decay(4000, late) == pytest.approx(0.25)
    assert ema.decay(64, late) ** (2000 / 64) == pytest.approx(0.5)


def test_early_on_the_half_life_is_a_twentieth_of_the_images_seen() -> None:
    ema = Ema(nn.Linear(1, 1), kimg=10)
    assert ema.decay(100, 2000) == pytest.approx(0.5)
    assert ema.decay(64, 64) == pytest.approx(2**-20)
    assert ema.decay(64, 0) == 0


def test_an_update_moves_parameters_by_the_share_and_copies_buffers() -> None:
    network = nn.BatchNorm1d(3)
    ema = Ema(network, kimg=1)
    with torch.no_grad():
        network.weight.fill_(3.0)
        network.running_mean = torch.full((3,), 5.0)
    ema.update(network, images=500, images_seen=10**6)
    left = 0.5**0.5
    model = ema.model
    assert isinstance(model, nn.BatchNorm1d)
    torch.testing.assert_close(model.weight.detach(), torch.full((3,), 1 * left + 3 * (1 - left)))
    torch.testing.assert_close(model.running_mean, torch.full((3,), 5.0))
    assert not model.weight.requires_grad


def test_the_loop_averages_over_all_real_images_of_a_step() -> None:
    run = trainer(small("mlp", steps=4, d_steps=3, ema_kimg=0.1), 44)
    assert run.ema
    average = [p.clone() for p in run.ema.model.parameters()]
    seen = 0
    for _ in range(4):
        before = run.images_seen
        run.advance()
        seen = run.images_seen
        decay = 0.5 ** ((seen - before) / min(100, 0.05 * seen))
        weights = run.networks.generator.parameters()
        average = [
            a * decay + w.detach() * (1 - decay) for a, w in zip(average, weights, strict=True)
        ]
    assert seen == 2 * 44, "12 batches of 8, the last of an epoch of 4"
    for expected, found in zip(average, run.ema.model.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)


def test_without_a_half_life_there_is_no_average() -> None:
    assert trainer(small("mlp", steps=1)).ema is None
