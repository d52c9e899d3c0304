"""Which steps are alike: those run the very same operations on tensors of the same shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ganterm.networks.growth import Stage, stage_of
from ganterm.training.step import GanStep


@dataclass(frozen=True)
class Kind:
    """What decides which operations a step runs."""

    sizes: tuple[int, ...]
    """Images in each real batch."""
    penalised: tuple[bool, ...]
    """For which of them the lazy penalty is due."""
    measure: bool
    stage: Stage | None
    """Where the networks stand, if they grow."""


def kind_of(
    step: GanStep, real_batches: Sequence[torch.Tensor], *, first_batch: int, measure: bool
) -> Kind | None:
    """Return the kind of the step that comes, or None for one that is like no other.

    That is one whose networks are fading a resolution in: the share of the new one, a number in
    the midst of the operations, changes with every step.
    """
    stage = stage_of(step.networks.generator)
    if stage is not None and stage.alpha < 1:
        return None
    return Kind(
        sizes=tuple(batch.shape[0] for batch in real_batches),
        penalised=tuple(step.penalises(first_batch + at) for at in range(len(real_batches))),
        measure=measure,
        stage=stage,
    )
