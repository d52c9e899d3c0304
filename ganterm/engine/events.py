"""What the training loop tells whoever runs it, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Boundary:
    """Between two steps: the moment to steer, pause, save or stop. `step` steps are done."""

    step: int


@dataclass(frozen=True)
class Metrics:
    """Means over the steps since the record before, up to and including `step`."""

    step: int
    epoch: float
    """Passes over the data so far, with fraction."""
    images_per_s: float
    values: dict[str, float]
    """By name: `d_loss g_loss d_real d_fake acc_real acc_fake` and what the loss has besides."""


@dataclass(frozen=True)
class EpochEnded:
    """The `epoch`-th pass over the data (counted from 1) ended with `step`."""

    step: int
    epoch: int
    values: dict[str, float]


@dataclass(frozen=True)
class SampleDue:
    """The sample grid is due after `step` steps."""

    step: int


@dataclass(frozen=True)
class CheckpointDue:
    """A checkpoint is due after `step` steps."""

    step: int


@dataclass(frozen=True)
class JudgementDue:
    """What the generator can do after `step` steps is to be judged."""

    step: int


@dataclass(frozen=True)
class FellBack:
    """From `step` on steps run in eager, because `mode` did not work here, and `why`."""

    step: int
    mode: str
    why: str


@dataclass(frozen=True)
class Finished:
    """The run reached its length."""

    step: int


Event = (
    Boundary | Metrics | EpochEnded | SampleDue | CheckpointDue | JudgementDue | FellBack | Finished
)
