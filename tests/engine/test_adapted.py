"""A state under other settings: an average to begin with, and its place within the epoch."""

import pytest
import torch

from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.engine.state import adapted, check_classes

TENSORS = {"generator.w": torch.ones(2), "discriminator.w": torch.zeros(2)}


def test_an_average_begins_with_the_generator() -> None:
    """One that is there already stays."""
    off, on = RunConfig(), RunConfig(ema_kimg=1.0)
    tensors, _ = adapted(TENSORS, {"batches": 0}, off, on, 640)
    assert torch.equal(tensors["ema.w"], torch.ones(2))
    kept = {**TENSORS, "ema.w": torch.full((2,), 7.0)}
    assert adapted(kept, {"batches": 0}, on, RunConfig(ema_kimg=9.0), 640)[0] == kept


@pytest.mark.parametrize(("batches", "expected"), [(0, 0), (15, 30), (27, 54), (9, 18)])
def test_batches_of_another_size_keep_the_place_in_the_epoch(batches: int, expected: int) -> None:
    """Twice as many that are half as large."""
    before, now = RunConfig(batch_size=64), RunConfig(batch_size=32)
    _, counters = adapted(TENSORS, {"batches": batches, "step": 5}, before, now, 640)
    assert counters == {"batches": expected, "step": 5}


def test_a_last_small_batch_that_was_dropped_shifts_nothing() -> None:
    """The whole epochs stay whole epochs."""
    before, now = RunConfig(batch_size=64), RunConfig(batch_size=64, drop_last=False)
    _, counters = adapted(TENSORS, {"batches": 25}, before, now, 650)
    assert counters["batches"] == 22 + 5


def test_the_same_settings_change_nothing() -> None:
    """What was exported is what is restored."""
    tensors, counters = adapted(TENSORS, {"batches": 7}, RunConfig(), RunConfig(lr_g=1.0), 640)
    assert (tensors, counters) == (TENSORS, {"batches": 7})


def test_labels_must_still_stand_for_the_classes_that_were_learned() -> None:
    """A folder whose sub-folders were renamed would teach every class anew."""
    check_classes(("cat", "dog"), ["cat", "dog"], "pets")
    with pytest.raises(ConfigError, match=r"classes of pets are no longer .* cat, dog; bring"):
        check_classes(("cat", "dog"), ("dog", "cat"), "pets")
