"""Precision auto takes bfloat16 where products are quicker in it by far, and float32 elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from ganterm.engine import precision
from ganterm.engine.precision import bfloat16_gain, resolve_precision
from tests.engine.common import CPU, small, trainer


@pytest.fixture(autouse=True)
def unmeasured() -> Iterator[None]:
    bfloat16_gain.cache_clear()
    yield
    bfloat16_gain.cache_clear()


def takes(monkeypatch: pytest.MonkeyPatch, *, float32: list[float], bfloat16: list[float]) -> None:
    """Have products take so many seconds, turn by turn."""
    turns = {torch.float32: iter(float32), torch.bfloat16: iter(bfloat16)}
    monkeypatch.setattr(precision, "_seconds", lambda matrix, device: next(turns[matrix.dtype]))


@pytest.mark.parametrize(
    ("bfloat16", "taken"), [(0.5, "bfloat16"), (0.9, "float32"), (4.0, "float32")]
)
def test_what_is_timed_decides(
    bfloat16: float, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes(monkeypatch, float32=[1.0] * 6, bfloat16=[bfloat16] * 6)
    config = small("mlp", precision="auto")
    assert resolve_precision(config, CPU).precision == taken
    assert bfloat16_gain(CPU) == 1 / bfloat16


def test_the_first_turn_and_busy_moments_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    takes(
        monkeypatch, float32=[0.1, 9.0, 9.0, 1.0, 9.0, 9.0], bfloat16=[0.1, 0.5, 9.0, 9.0, 9.0, 9.0]
    )
    assert bfloat16_gain(CPU) == 2.0


def test_a_device_without_the_format_keeps_to_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(matrix: torch.Tensor, device: torch.device) -> float:
        raise RuntimeError("not implemented for 'BFloat16'")

    monkeypatch.setattr(precision, "_seconds", refuse)
    assert resolve_precision(small("mlp", precision="auto"), CPU).precision == "float32"
    assert bfloat16_gain(CPU) == 0


def test_this_machine_is_measured_once_and_no_noise_is_used_up() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    gain = bfloat16_gain(CPU)
    assert gain > 0
    assert bfloat16_gain(CPU) == gain
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("wished", ["float32", "bfloat16"])
def test_what_was_asked_for_by_name_is_not_measured(
    wished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes(monkeypatch, float32=[], bfloat16=[])
    config = small("mlp", precision=wished)
    assert resolve_precision(config, CPU) is config


def test_a_training_has_the_format_that_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its configuration says which, and its steps are those of that format to the bit."""
    takes(monkeypatch, float32=[1.0] * 6, bfloat16=[0.2] * 6)
    found = []
    for wished in ("auto", "bfloat16", "float32"):
        run = trainer(small("mlp", steps=2, precision=wished))
        assert run.config.precision == ("bfloat16" if wished == "auto" else wished)
        list(run.run())
        found.append(next(run.networks.generator.parameters()).detach())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
