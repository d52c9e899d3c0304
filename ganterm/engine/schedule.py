"""How the learning rates change over a run."""

from __future__ import annotations

import math


def lr_factor(kind: str, step: int, total: int) -> float:
    """Return the factor on both learning rates for step `step` (0-based) of `total`.

    `constant` stays at 1, `linear` and `cosine` fall from 1 to 0 over the run.
    """
    if kind == "constant":
        return 1.0
    progress = min(step / max(total, 1), 1.0)
    if kind == "linear":
        return 1.0 - progress
    return 0.5 * (1.0 + math.cos(math.pi * progress))
