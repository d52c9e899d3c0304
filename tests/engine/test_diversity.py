"""Diversity falls when samples gather, within a class where training is conditional."""

from __future__ import annotations

import pytest
import torch

from ganterm.engine.diversity import diversity

LABELS = torch.arange(64) % 4
SHADES = torch.linspace(-1, 1, 4)[LABELS][:, None, None, None].expand(64, 1, 8, 8)


def noise(seed: int) -> torch.Tensor:
    return torch.randn(64, 1, 8, 8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("labels", [None, LABELS])
def test_samples_like_the_real_ones_are_at_one(labels: torch.Tensor | None) -> None:
    """And those that are all alike at nought; real ones that are leave nothing to lose."""
    real, fakes = SHADES + noise(0), SHADES + noise(1)
    assert float(diversity(fakes, real, labels)) == pytest.approx(1, abs=0.05)
    assert float(diversity(torch.zeros_like(real), real, labels)) == 0
    assert float(diversity(fakes, torch.zeros_like(real), labels)) == 1


def test_one_image_for_each_class_is_a_collapse() -> None:
    """Which the shades of four classes hide from whoever does not know them."""
    real, fakes = 10 * SHADES + noise(0), 10 * SHADES + 0.1 * noise(1)
    assert float(diversity(fakes, real, LABELS)) == pytest.approx(0.1, abs=0.02)
    assert float(diversity(fakes, real)) > 0.2


def test_classes_that_no_two_samples_share_say_nothing() -> None:
    real, fakes = noise(0), noise(1)
    assert float(diversity(fakes, real, torch.arange(64))) == 1
    lone = torch.cat([torch.zeros(62), torch.ones(1), torch.full((1,), 2)]).long()
    assert float(diversity(fakes, real, lone)) == pytest.approx(1, abs=0.05)


def test_a_larger_batch_of_fakes_is_cut_to_the_real_one_and_its_labels() -> None:
    real, fakes = SHADES + noise(0), torch.cat([SHADES + noise(1), noise(2)])
    cut = diversity(fakes[:64], real, LABELS)
    torch.testing.assert_close(diversity(fakes, real, LABELS), cut)
