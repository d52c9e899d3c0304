"""Checkpoints of untrained generators, for what needs a certain recipe but no training."""

from __future__ import annotations

from pathlib import Path

import torch

from ganterm.config import resolve
from ganterm.engine.build import build
from ganterm.worker.checkpoint import Meta, save_checkpoint

FULLY_GROWN = 10**9
"""Images after which a network that grows has all its layers."""


def untrained(
    directory: Path, recipe: str, *, classes: tuple[str, ...] = (), **settings: object
) -> Path:
    """Write the checkpoint of a narrow generator of `recipe` with random weights.

    With `classes` it is conditioned on them.
    """
    if classes:
        settings = {"conditional": "projection", **settings}
    path = directory / "step-00000000.safetensors"
    config = resolve({"width": 0.125, **settings, "recipe": recipe}).config
    state = build(
        config, torch.device("cpu"), config.data_spec.with_classes(classes)
    ).generator.state_dict()
    tensors = {f"generator.{name}": value.contiguous() for name, value in state.items()}
    meta = Meta(
        config=config, counters={"step": 0, "images": FULLY_GROWN}, controls=0, classes=classes
    )
    save_checkpoint(path, meta, tensors)
    return path
