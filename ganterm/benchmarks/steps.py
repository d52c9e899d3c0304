"""What a step costs: with each technique and without, and against matrix products alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ganterm.benchmarks.pace import TrainerLoop, Turn, Workload, by_recipe, race
from ganterm.benchmarks.result import ResultColumn, Row, Spread
from ganterm.benchmarks.suite import ROUNDS, BenchSettings
from ganterm.config import RunConfig
from ganterm.config.rules import check
from ganterm.core.errors import ConfigError
from ganterm.data import ProgressCallback
from ganterm.engine.build import choose_device, synchronize
from ganterm.engine.modes import unavailable_reason

AS_IT_IS = "the recipe as it is"
NO_NORM = "no normalisation in D"


class Technique(NamedTuple):
    """What a recipe sets for it, against what it is timed, and what the literature says of it."""

    settings: Mapping[str, object]
    sources: str | None = None
    against: str = AS_IT_IS


TECHNIQUES: Mapping[str, Technique] = {
    "WGAN-GP's penalty": Technique({"penalty": "wgan-gp"}, "1.3x to 1.5x"),
    "R1": Technique({"penalty": "r1"}, "1.3x to 1.5x"),
    "R1 every 4 steps": Technique({"penalty": "r1", "penalty_every": 4}),
    NO_NORM: Technique({"d_norm": "none"}),
    "spectral norm": Technique({"d_norm": "none", "spectral_norm": True}, "1.05x to 1.1x", NO_NORM),
    "minibatch discrimination": Technique({"minibatch_discrimination": True}),
    "averaged weights (EMA)": Technique({"ema_kimg": 10.0}),
    "augmentation": Technique({"augment": "translation,cutout"}),
    "conditional, projection": Technique({"conditional": "projection"}),
    "2 steps of D": Technique({"d_steps": 2}),
    "a D step each on real and fake": Technique({"d_update": "separate"}),
    "fresh fakes for G": Technique({"reuse_fakes": False}),
    "bfloat16": Technique({"precision": "bfloat16"}),
    "CUDA graphs": Technique({"mode": "graphed"}),
}

_TECHNIQUES = (
    ResultColumn("recipe", "RECIPE"),
    ResultColumn("technique", "TECHNIQUE"),
    ResultColumn("step_seconds", "STEP", "ms"),
    ResultColumn("ratio", "TIMES AS LONG", "ratio"),
    ResultColumn("against", "AS"),
    ResultColumn("sources", "SOURCES SAY"),
)


@by_recipe(
    "What techniques cost",
    _TECHNIQUES,
    "Steps of the recipe as it is and with one thing changed, which take turns for "
    f"{ROUNDS} rounds of {{short_turn}} s after a turn of warming up; medians, with the lowest and "
    "the highest round. A ratio is within one round. What the sources say of a gradient penalty is "
    "of one at every step.",
)
def techniques(
    workload: Workload, settings: BenchSettings, progress: ProgressCallback
) -> Iterator[Row | str]:
    """Time the steps of a recipe as it is and with each technique that it can be given."""
    device = choose_device(settings.device)
    loops = {AS_IT_IS: TrainerLoop(workload, device)}
    for name, technique in TECHNIQUES.items():
        config = msgspec.structs.replace(workload.config, **technique.settings)
        if config == workload.config:
            continue
        if cannot := _unavailable_reason(config, workload, device):
            yield f"{workload.name} cannot have {name}: {cannot}"
        else:
            loops[name] = TrainerLoop(workload, device, **technique.settings)
    contestants = {name: loop.train for name, loop in loops.items()}
    paces = race(contestants, settings.short_turn, workload.name, progress)
    seconds = {name: [pace.seconds_per_step for pace in took] for name, took in paces.items()}
    for name, ours in seconds.items():
        if name == AS_IT_IS:
            yield workload.name, name, Spread.of(ours), None, None, None
            continue
        trainer = loops[name].trainer
        if trainer.config.mode not in {"auto", trainer.mode}:
            yield f"{workload.name} trained with {name} for a while only, and then in eager."
            continue
        _, sources, against = TECHNIQUES[name]
        ratio = Spread.of_ratios(ours, seconds[against])
        yield workload.name, name, Spread.of(ours), ratio, against, sources


def _unavailable_reason(config: RunConfig, workload: Workload, device: torch.device) -> str:
    """Return why this machine and these images cannot train as `config` says; empty if they can."""
    try:
        check(config)
    except ConfigError as error:
        return str(error)
    if config.mode != "auto" and (why := unavailable_reason(config.mode, device)):
        return f"{why}."
    if config.conditional != "none" and workload.images.labels is None:
        return "there are no labels."
    return ""


PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
SIDE = 2048
"""Rows and columns of the matrices whose product is the limit."""

_LIMIT = (
    ResultColumn("recipe", "RECIPE"),
    ResultColumn("precision", "PRECISION"),
    ResultColumn("flops", "A STEP, GFLOP", "giga"),
    ResultColumn("step_seconds", "STEP", "ms"),
    ResultColumn("achieved", "GFLOP/s", "giga"),
    ResultColumn("peak", "MATRIX PRODUCT, GFLOP/s", "giga"),
    ResultColumn("share", "SHARE", "share"),
)


@by_recipe(
    "Share of the limit",
    _LIMIT,
    "What the convolutions and matrix products of a step compute, forward and backward, as PyTorch "
    f"counts it, over the step's time; beside it the product of two {SIDE:,} x {SIDE:,} matrices "
    f"of the same number format, in turns for {ROUNDS} rounds of {{short_turn}} s. The share is "
    "within one round. GFLOP: 10^9 multiplications and additions.",
)
def limit(workload: Workload, settings: BenchSettings, progress: ProgressCallback) -> Iterator[Row]:
    """Race the steps of a recipe and matrix products, in both number formats."""
    device = choose_device(settings.device)
    loops = {each: TrainerLoop(workload, device, precision=each) for each in PRECISIONS}
    contestants = {each: loop.train for each, loop in loops.items()}
    for precision, dtype in PRECISIONS.items():
        matrix = torch.randn(SIDE, SIDE, device=device).to(dtype)
        contestants[f"{precision} product"] = partial(multiply, matrix)
    paces = race(contestants, settings.short_turn, workload.name, progress)
    for precision, loop in loops.items():
        flops = count_flops(loop)
        seconds = [pace.seconds_per_step for pace in paces[precision]]
        achieved = [flops / each for each in seconds]
        peaks = [2 * SIDE**3 / pace.seconds_per_step for pace in paces[f"{precision} product"]]
        spreads = map(Spread.of, (seconds, achieved, peaks))
        yield workload.name, precision, flops, *spreads, Spread.of_ratios(achieved, peaks)


def multiply(matrix: torch.Tensor, seconds: float) -> Turn:
    """Multiply a square matrix by itself for `seconds`; a product is a step."""
    steps = 0
    began = time.perf_counter()
    while steps == 0 or time.perf_counter() - began < seconds:
        torch.mm(matrix, matrix)
        synchronize(matrix.device)
        steps += 1
    return Turn(steps, 0, time.perf_counter() - began)


def count_flops(loop: TrainerLoop) -> float:
    """Return the multiplications and additions of a step, the mean over a lazy penalty's round.

    Counted are matrix products and convolutions; all else is small beside them.
    """
    with _FlopCounter() as counter:  # type: ignore[no-untyped-call]
        steps = loop.train(0).steps
    return float(counter.flops / steps)


class _FlopCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts as `FlopCounterMode` does, which stumbles over the gradients of a penalty."""

    flops = 0.0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if (count := flop_registry.get(func.overloadpacket)) is not None:
            self.flops += count(*args, **(kwargs or {}), out_val=out)
        return out
