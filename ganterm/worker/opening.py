"""What a worker says of its run and of itself when it begins."""

from __future__ import annotations

import platform
from typing import Any

import torch

from ganterm import __version__
from ganterm.config.runfile import to_mapping
from ganterm.runs.status import HOST
from ganterm.training.loop import Trainer


def opening(trainer: Trainer) -> dict[str, Any]:
    """Return the fields of an opening record that follow from what is trained, and where."""
    return {
        "config": to_mapping(trainer.config),
        "steps": trainer.steps_total,
        "epochs": trainer.config.epochs or None,
        "images": trainer.batches.images.shape[0],
        "device": str(trainer.device),
        "threads": torch.get_num_threads(),
        "host": HOST,
        "versions": {
            "ganterm": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }
