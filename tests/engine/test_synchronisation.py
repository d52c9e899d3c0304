"""A step never waits for the device: nothing in it asks for a value that the host must know."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ganterm import recipes
from ganterm.engine.loop import Trainer
from ganterm.engine.modes import Mode
from tests.engine.common import small, trainer
from tests.engine.tape import taped

WAITING = {
    "aten::_local_scalar_dense",  # item, bool, float, int
    "aten::nonzero",
    "aten::masked_select",
    "aten::_unique2",
    "aten::equal",
    "aten::allclose",
}
"""Operators whose result, or its shape, the host reads: each waits for the device."""

COPYING = ("tolist", "numpy", "cpu")
"""Methods that copy to the host without an operator of their own on the CPU."""


class Waits(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what would wait for a GPU, in forward and backward alike."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counted: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name
        by_mask = name in {"aten::index", "aten::index_put_"} and any(
            each is not None and each.dtype == torch.bool for each in args[1]
        )
        if name in WAITING or by_mask:
            self.counted[name] += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("value", ["item", "truth", "nonzero", "mask", "backward"])
def test_the_count_sees_what_waits(value: str) -> None:
    """Each way of asking for a value is counted, within backward too."""
    tensor = torch.ones(3, requires_grad=True)
    with Waits() as waits:
        if value == "item":
            tensor.sum().item()
        elif value == "truth":
            bool(tensor.sum() > 0)
        elif value == "nonzero":
            tensor.nonzero()
        elif value == "mask":
            tensor[tensor > 0]
        else:
            tensor.register_hook(_ask)  # type: ignore[no-untyped-call]
            tensor.sum().backward()  # type: ignore[no-untyped-call]
    assert waits.counted.total() >= 1


def waits_of(run: Trainer, steps: int, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return what `steps` steps would wait for; a copy to the host fails."""
    with monkeypatch.context() as patched, Waits() as waits:
        for method in COPYING:
            patched.setattr(torch.Tensor, method, _copied)
        for _ in range(steps):
            run.advance()
    counted: Counter[str] = waits.counted
    return counted


@pytest.mark.parametrize("recipe", recipes.names())
def test_no_step_waits(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six steps of a recipe, with everything they measure, wait for nothing."""
    run = trainer(small(recipe, log_every=2))
    run.advance()
    assert not waits_of(run, 6, monkeypatch)


@pytest.mark.parametrize("penalty", ["wgan-gp", "r1", "r1+r2"])
def test_no_penalty_waits(penalty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do steps with a penalty, augmentation and an average."""
    settings = {"penalty": penalty, "penalty_weight": 1.0, "ema_kimg": 1.0}
    run = trainer(small("wgan-gp", augment="translation,cutout", **settings))
    assert not waits_of(run, 2, monkeypatch)


def test_no_replay_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do graphed steps, whose rates change from one to the next."""
    run, recorder = taped(small("dcgan", lr_schedule="cosine", penalty="r1"), monkeypatch)
    for _ in range(2):
        run.advance()
    assert not waits_of(run, 3, monkeypatch)
    assert recorder.replays >= 4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("mode", ["eager", "graphed"])
@pytest.mark.parametrize("recipe", recipes.names())
def test_no_step_waits_for_a_gpu(recipe: str, mode: Mode) -> None:
    """CUDA's own watch over synchronisation agrees."""
    # Penalised at every step or never, so that the first two steps capture all there is.
    settings = {"penalty_every": 1, "log_every": 1, "grow_kimg": 0, "fade_kimg": 0}
    run = trainer(small(recipe, **settings, device="cuda"), device=torch.device("cuda"))
    run.run_in(mode)
    for _ in range(2):
        run.advance()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(4):
            run.advance()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def _ask(gradient: torch.Tensor) -> None:
    gradient.sum().item()


def _copied(*arguments: Any) -> Any:
    raise AssertionError("a step copied a tensor to the host")
