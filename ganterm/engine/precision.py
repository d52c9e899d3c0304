"""The number format that `precision = auto` stands for: bfloat16 where the hardware is quick at it.

Processors and GPUs without units for bfloat16 compute in it all the same, by detours that make it
slower than float32. So nothing is concluded from names or versions; products are timed.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Final

import msgspec
import torch

from ganterm.config import RunConfig
from ganterm.engine.build import synchronize

WORTH: Final = 1.5
"""How many times as quick products must be: less is lost to conversions again, and to exactness.
Units for bfloat16 at least double the speed, so that equal machines come to equal conclusions."""
TURNS: Final = 5
"""How often each is timed, in turn; the best counts, for other work only ever slows it."""
_SIDES: Final = {"cpu": 512, "cuda": 4096, "mps": 2048}
"""Rows and columns: some milliseconds' work for each kind of device."""


@cache
def bfloat16_gain(device: torch.device) -> float:
    """Return how many times as quickly `device` multiplies matrices in bfloat16 as in float32.

    0 where it cannot at all. A process measures a device once, in some hundredths of a second.
    """
    side = _SIDES[device.type]
    try:
        matrices = [
            torch.ones(side, side, device=device, dtype=dtype)
            for dtype in (torch.float32, torch.bfloat16)
        ]
        best = [float("inf"), float("inf")]
        for turn in range(1 + TURNS):  # the first warms up
            for index, matrix in enumerate(matrices):
                took = _seconds(matrix, device)
                if turn:
                    best[index] = min(best[index], took)
    except (RuntimeError, TypeError):  # how backends say that they lack a number format
        return 0.0
    return best[0] / best[1]


def resolve_precision(config: RunConfig, device: torch.device) -> RunConfig:
    """Return `config` with the number format that its `precision` stands for on `device`."""
    if config.precision != "auto":
        return config
    quick = bfloat16_gain(device) >= WORTH
    return msgspec.structs.replace(config, precision="bfloat16" if quick else "float32")


def _seconds(matrix: torch.Tensor, device: torch.device) -> float:
    synchronize(device)
    began = time.perf_counter()
    torch.mm(matrix, matrix)
    synchronize(device)
    return time.perf_counter() - began
