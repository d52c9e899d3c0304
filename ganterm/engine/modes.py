"""The ways to run a step, and which of them a machine has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import torch

from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.engine.step import GanStep

Mode = Literal["eager", "graphed"]
"""How steps are run, as `RunConfig.mode` asks for once `auto` has made its choice."""


class Step(Protocol):
    """What makes the steps of a training."""

    def use(self, config: RunConfig) -> None:
        """Go on under `config`, which differs from the present one in live settings only."""

    def run(
        self,
        real_batches: Sequence[torch.Tensor],
        labels: Sequence[torch.Tensor | None] | None = None,
        *,
        first_batch: int,
        measure: bool,
    ) -> None:
        """Make one step, as `GanStep.run` does."""


def unavailable_reason(mode: Mode, device: torch.device) -> str:
    """Return why steps cannot be run in `mode` on `device`, as a clause; empty where they can."""
    if mode == "graphed" and device.type != "cuda":
        return f"graphed needs a CUDA device, and this run trains on {device.type}"
    return ""


def check_mode(mode: Mode, device: torch.device) -> None:
    """Raise `ConfigError` where steps cannot be run in `mode` on `device`."""
    if why := unavailable_reason(mode, device):
        raise ConfigError(f"mode: {why}; use eager, or auto, which takes what is there.")


def step_in(
    mode: Mode, step: GanStep, batch_size: int, *, fell_back: Callable[[str], None]
) -> Step:
    """Return what runs `step` in `mode`, most of the time on batches of `batch_size`.

    `fell_back` is told why, should it have to run the rest uncaptured. Raises
    `ConfigError` where this machine does not have the mode.
    """
    check_mode(mode, step.device)
    if mode == "graphed":
        from ganterm.engine.cudagraphs import CudaRecorder  # noqa: PLC0415
        from ganterm.engine.graphed import GraphedStep  # noqa: PLC0415

        return GraphedStep(step, CudaRecorder(step.device), fell_back=fell_back)
    return step
