"""The ring has eight Gaussians where system 10 puts them, and the count of modes finds each."""

from __future__ import annotations

import pytest
import torch

from ganterm.components.datasets.mixture import modes_covered
from ganterm.components.datasets.ring import CENTRES, SIGMA
from ganterm.core.dataspec import DataSpec
from ganterm.data import load


def test_the_ring_is_eight_gaussians_of_the_published_centres_and_spread() -> None:
    ring = load("ring")
    assert ring.spec == DataSpec(
        kind="point", shape=(2,), classes=ring.classes, value_range=None, count=8192
    )
    assert ring.labels is not None
    for mode, centre in enumerate(CENTRES):
        points = ring.images[ring.labels == mode].flatten(1)
        torch.testing.assert_close(points.mean(0), torch.tensor(centre) * 1.0, atol=0.02, rtol=0)
        torch.testing.assert_close(points.std(0), torch.full((2,), SIGMA), atol=0.01, rtol=0)


@pytest.mark.parametrize("count", range(9))
def test_as_many_modes_are_counted_as_have_a_point_near(count: int) -> None:
    points = torch.tensor([*CENTRES[:count], (9, 9)], dtype=torch.float32).reshape(-1, 2, 1, 1)
    assert modes_covered(points, CENTRES, SIGMA) == count


def test_a_point_beyond_three_sigma_covers_nothing() -> None:
    beside = torch.tensor([[2 + 3.1 * SIGMA, 0.0]]).reshape(1, 2, 1, 1)
    assert modes_covered(beside, CENTRES, SIGMA) == 0
