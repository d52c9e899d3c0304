"""A graph for machines without CUDA: it keeps the operations of some work and runs them again.

As with a CUDA graph a replay runs the same operations on the same memory, with the same numbers
among their arguments, whatever the host has come to since; only tensors can be new, and random
numbers, which come from the default generators.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from ganterm.config import RunConfig
from ganterm.engine import graphed, modes
from ganterm.engine.loop import Trainer
from ganterm.engine.modes import Snapshot
from tests.engine.common import CPU, trainer

_Operation = tuple[Any, tuple[Any, ...], dict[str, Any], list[torch.Tensor]]


class _Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes every operation that makes or changes a tensor."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations: list[_Operation] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if not func.is_view:
            operation = _bare(args), _bare(kwargs), _tensors(_bare(result))
            self.operations.append((func, *operation))
        return result

    @torch.no_grad()
    def replay(self) -> None:
        for func, args, kwargs, made in self.operations:
            for standing, new in zip(made, _tensors(func(*args, **kwargs)), strict=True):
                if standing.data_ptr() != new.data_ptr():
                    standing.copy_(new)


class TapeRecorder:
    """Records on the CPU what a `CudaRecorder` captures on a GPU, state restored.

    Attributes:
        run: whose state a capture restores.
        captures: how often something was captured, `replays`: how often it was run again.
        kept: the tapes that somebody still holds.
        broken: have the next capture fail half-way.
    """

    run: Trainer

    def __init__(self) -> None:
        self.captures = 0
        self.replays = 0
        self.kept: weakref.WeakSet[_Tape] = weakref.WeakSet()
        self.broken = False

    @contextmanager
    def working(self) -> Iterator[None]:
        """There is one stream only."""
        yield

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return the replay of `work`, none of which is done when this returns or fails."""
        self.captures += 1
        before, tape = Snapshot(self.run.networks, CPU), _Tape()
        sums = self.run.adaptive.sums.clone()
        with tape:
            work()
        before.restore()
        self.run.adaptive.sums.copy_(sums)
        if self.broken:
            raise RuntimeError("operation not permitted when stream is capturing\nand more")
        self.kept.add(tape)

        def replay() -> None:
            self.replays += 1
            tape.replay()

        return replay


def taped(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch, count: int = 1797
) -> tuple[Trainer, TapeRecorder]:
    """Return a trainer that runs graphed, on tapes, and what records them."""
    recorder, run = TapeRecorder(), trainer(config, count)
    recorder.run = run
    monkeypatch.setattr(modes, "unavailable_reason", lambda mode, device: "")
    monkeypatch.setattr(graphed, "CudaRecorder", lambda device: recorder)
    run.run_in("graphed")
    optimizers = (run.networks.optimizer_g, run.networks.optimizer_d)
    for group in (group for optimizer in optimizers for group in optimizer.param_groups):
        if isinstance(group["lr"], torch.Tensor):
            # CUDA's kernels read rates of 32 bits. With 64 a tape trains as eager does to the bit.
            group["lr"] = group["lr"].double()
    return run, recorder


def _bare(values: Any) -> Any:
    """Return the same memory without the history that leads to gradients."""
    return tree_map_only(torch.Tensor, torch.Tensor.detach, values)


def _tensors(values: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]
