"""Images among real ones are more convincing than images far from them."""

from __future__ import annotations

import torch

from ganterm.components.scores.manifold import to_neighbours
from ganterm.evaluation.report import realism


def test_the_score_is_the_published_one() -> None:
    random = torch.Generator().manual_seed(0)
    real = torch.randn(60, 5, generator=random, dtype=torch.float64)
    fake = torch.randn(20, 5, generator=random, dtype=torch.float64) * 2
    distances = torch.cdist(real, real)
    reach = distances.sort(dim=1).values[:, 3]
    kept = reach <= reach.median()
    expected = (reach[kept] / torch.cdist(fake, real[kept])).amax(dim=1)
    assert torch.allclose(
        realism(real, fake, to_neighbours(real, k=3)[:, -1]), expected.float(), rtol=1e-3
    )


def test_what_lies_among_the_real_scores_above_one_and_what_is_far_below() -> None:
    random = torch.Generator().manual_seed(0)
    real = torch.randn(500, 4, generator=random)
    scores = realism(
        real, torch.tensor([[0.0, 0, 0, 0], [9.0, 9, 9, 9]]), to_neighbours(real, k=5)[:, -1]
    )
    assert scores[0] > 1 > scores[1]
