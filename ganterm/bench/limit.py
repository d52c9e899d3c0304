"""How near to the machine's limit a step runs: its arithmetic against matrix products alone."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ganterm.bench.pace import Contestant, Pace, TrainerLoop, race
from ganterm.bench.result import Column, Result, Spread, Value
from ganterm.bench.settings import ROUNDS, Settings
from ganterm.bench.workload import Workload, loop_of, prepare
from ganterm.data import Progress
from ganterm.training.build import choose_device, synchronize

SIDE = 2048
"""Rows and columns of the matrices whose product is the limit."""
SHARE_OF_TURN = 0.25
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_COLUMNS = (
    Column("recipe", "RECIPE"),
    Column("precision", "PRECISION"),
    Column("flops", "A STEP, GFLOP", "giga"),
    Column("step_seconds", "STEP", "ms"),
    Column("achieved", "GFLOP/s", "giga"),
    Column("peak", "MATRIX PRODUCT, GFLOP/s", "giga"),
    Column("share", "SHARE", "share"),
)


class Product:
    """Multiplies two square matrices over and over; a product is a step of its pace."""

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self.device = device
        self.left = torch.randn(SIDE, SIDE, device=device).to(dtype)
        self.right = torch.randn(SIDE, SIDE, device=device).to(dtype)
        self.out = torch.empty_like(self.left)

    @property
    def flops(self) -> float:
        """Multiplications and additions of one product."""
        return 2.0 * SIDE**3

    def train(self, seconds: float) -> Pace:
        """Multiply for `seconds`, once at least."""
        steps = 0
        began = time.perf_counter()
        while steps == 0 or time.perf_counter() - began < seconds:
            torch.mm(self.left, self.right, out=self.out)
            synchronize(self.device)
            steps += 1
        return Pace(steps, 0, time.perf_counter() - began)


def measure(settings: Settings, progress: Progress) -> Result:
    """Race the steps of each recipe and the products, in both number formats."""
    workloads = [prepare(recipe, settings.device, progress) for recipe in settings.recipes]
    turn = settings.turn * SHARE_OF_TURN
    return Result(
        title="Share of the limit",
        method=(
            "What the convolutions and matrix products of a step compute, forward and backward, "
            f"as PyTorch counts it, over the step's time; beside it the product of two {SIDE:,} x "
            f"{SIDE:,} matrices of the same number format, in turns for {ROUNDS} rounds of "
            f"{turn:g} s. The share is within one round. GFLOP: 10^9 multiplications and additions."
        ),
        columns=_COLUMNS,
        rows=[row for workload in workloads for row in _rows(workload, turn, settings, progress)],
        notes=[f"{workload.name}: {workload.data}." for workload in workloads],
    )


def count_flops(loop: TrainerLoop) -> float:
    """Return the multiplications and additions of a step, the mean over a lazy penalty's round.

    Counted are matrix products and convolutions; all else is small beside them.
    """
    with _FlopCounter() as counter:
        steps = loop.train(0).steps
    return float(counter.flops / steps)


class _FlopCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts as `FlopCounterMode` does, which stumbles over the gradients of a penalty."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0.0

    def __torch_dispatch__(
        self,
        func: Any,
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if (count := flop_registry.get(func.overloadpacket)) is not None:
            self.flops += count(*args, **(kwargs or {}), out_val=out)
        return out


def _rows(
    workload: Workload, turn: float, settings: Settings, progress: Progress
) -> list[dict[str, Value]]:
    device = choose_device(settings.device)
    loops = {each: loop_of(workload, device, precision=each) for each in PRECISIONS}
    products = {precision: Product(dtype, device) for precision, dtype in PRECISIONS.items()}
    contestants: dict[str, Contestant] = {**loops}
    contestants |= {f"product {precision}": found for precision, found in products.items()}
    paces = race(contestants, turn=turn, what=workload.name, progress=progress)
    rows: list[dict[str, Value]] = []
    for precision, loop in loops.items():
        flops = count_flops(loop)
        seconds = [pace.seconds_per_step for pace in paces[precision]]
        achieved = [flops / each for each in seconds]
        peaks = [
            products[precision].flops / pace.seconds_per_step
            for pace in paces[f"product {precision}"]
        ]
        rows.append(
            {
                "recipe": workload.name,
                "precision": precision,
                "flops": flops,
                "step_seconds": Spread.of(seconds),
                "achieved": Spread.of(achieved),
                "peak": Spread.of(peaks),
                "share": Spread.of(a / b for a, b in zip(achieved, peaks, strict=True)),
            }
        )
    return rows
