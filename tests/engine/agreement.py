"""How near two ways of running the same steps come to each other."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from ganterm.engine.events import Metrics
from ganterm.engine.loop import Trainer

TOLERANCE = 1e-4
"""What quantities of float32 steps may differ by, of their value or of 1, whichever is more."""


def assert_agree(
    found: Sequence[Metrics], expected: Sequence[Metrics], tolerance: float = TOLERANCE
) -> None:
    """Fail unless both measured the same quantities at the same steps, to the tolerance."""
    assert [record.step for record in found] == [record.step for record in expected]
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.values == pytest.approx(theirs.values, rel=tolerance, abs=tolerance)


def last_d_gradients(run: Trainer, steps: int) -> list[torch.Tensor]:
    """Make `steps` steps; return D's gradients in the last, as Adam's first moments took them in.

    With beta1 at 0, as it must be, the moment is the gradient.
    """
    for _ in range(steps):
        run.advance()
    assert run.config.beta1 == 0
    state = run.networks.optimizer_d.state
    return [state[each]["exp_avg"].clone() for each in run.networks.discriminator.parameters()]


def assert_the_penalty_counts(
    found: Sequence[torch.Tensor], expected: Sequence[torch.Tensor], without: Sequence[torch.Tensor]
) -> None:
    """Fail unless gradients are the expected ones, far from what they are without a penalty."""
    assert distance(found, expected) <= 1e-4
    assert distance(without, expected) >= 0.05


def distance(found: Sequence[torch.Tensor], expected: Sequence[torch.Tensor]) -> float:
    """Return how far all values together are from the expected ones, as a share of their norm."""
    mine, theirs = (torch.cat([each.flatten().double() for each in g]) for g in (found, expected))
    return float((mine - theirs).norm() / theirs.norm())
