"""What brought a run down, in the sentence its user is told."""

from __future__ import annotations

import torch

from ganterm.config import RunConfig
from ganterm.errors import GantermError, TrainingError
from ganterm.runs import checkpoints
from ganterm.runs.durable import storage_trouble
from ganterm.runs.layout import RunDir
from ganterm.training.loop import DivergenceError


def explain(error: Exception, run: RunDir, config: RunConfig) -> GantermError | None:
    """Return the error for the user that `error` stands for; None where nobody foresaw it."""
    match error:
        case DivergenceError():
            return TrainingError(f"{error} {_advice(run)}")
        case GantermError():
            return error
        case OSError():
            return storage_trouble(error, run.path)
        case torch.OutOfMemoryError() | MemoryError():
            return TrainingError(
                f"The device ({config.device}) ran out of memory; start a new run with a smaller "
                "batch_size or width."
            )
    return None


def _advice(run: RunDir) -> str:
    newest, _ = checkpoints.newest_valid(run.checkpoints)
    if newest is None:
        return "There is no checkpoint; train again with lower lr_g and lr_d."
    return (
        f"The last good checkpoint is {run.relative(newest)}; lower lr_g and lr_d, or add "
        "a penalty, and train again."
    )
