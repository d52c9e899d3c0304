"""The ring has eight Gaussians where system 10 puts them, and the count of modes finds each."""

from __future__ import annotations

import pytest
import torch

from ganterm.cli.follow.reporters import spread_words
from ganterm.components.datasets.mixture import draw_mixture, modes_covered
from ganterm.components.datasets.ring import CENTRES, RING, SIGMA
from ganterm.components.scores.modes import class_modes
from ganterm.config import resolve
from ganterm.core.dataspec import DataSpec
from ganterm.core.records import MetricsRecord, StartRecord
from ganterm.data import load
from ganterm.engine.loop import Trainer
from ganterm.engine.step import GanStep
from ganterm.evaluation.judge import PointJudge
from ganterm.runs.history import RunHistory


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
def test_a_mode_is_covered_by_a_share_of_the_points_near_it(count: int) -> None:
    """A fifth of its own share will do, a seventh will not, nor what lies beyond."""
    near = torch.tensor(CENTRES[:count], dtype=torch.float32).reshape(-1, 2, 1, 1)
    beside = torch.tensor([2 + 3.1 * SIGMA, 0.0]).reshape(1, 2, 1, 1)

    def cloud(each: int) -> torch.Tensor:
        return torch.cat([near.repeat(each, 1, 1, 1), beside.repeat(1600 - each * count, 1, 1, 1)])

    assert modes_covered(cloud(40), CENTRES, SIGMA) == count
    assert modes_covered(cloud(28), CENTRES, SIGMA) == 0


@pytest.mark.parametrize("seed", range(3))
def test_noise_over_the_plane_covers_few_modes_and_the_judge_agrees(seed: int) -> None:
    """Where points of the ring cover all eight, in one batch and in two thousand."""
    chance = torch.Generator().manual_seed(seed)
    for count in (256, 2000):
        noise = 4 * torch.rand(count, 2, generator=chance) - 2
        real, _ = draw_mixture(CENTRES, SIGMA, count, seed=seed)
        judge = PointJudge(RING)
        seen = class_modes(judge.look(real).probabilities, judge.look(noise).probabilities)
        assert seen.captured == modes_covered(noise, CENTRES, SIGMA) <= 4
        assert modes_covered(real, CENTRES, SIGMA) == 8
        assert sum(seen.histogram) < 0.3
        assert sum(seen.histogram_real) > 0.95


def test_diversity_lost_is_the_share_of_modes_that_are_missing() -> None:
    """Two of eight modes are three quarters lost, in the journal and in words."""
    values: dict[str, float] = {}
    config = resolve({"recipe": "ring", "device": "cpu"}).config
    trainer = Trainer(config, load("ring").images, torch.device("cpu"))
    step = GanStep(
        trainer.networks, config, lambda n, v: values.update(zip(n, v.tolist(), strict=True))
    )
    step.generator = lambda z, _: (
        trainer.networks.generator(z) * 0
        + torch.tensor(CENTRES[:2])[torch.arange(len(z)) % 2].reshape(-1, 2, 1, 1)
    )
    step.run([trainer.batches[0]], first_batch=0, measure=True)
    assert (values["modes"], values["diversity"]) == (2, 0.25)
    history = RunHistory()
    history.add(
        StartRecord(step=0, config={"dataset": "ring"}), MetricsRecord(step=1, values=dict(values))
    )
    assert spread_words(history) == "modes 2 of 8  diversity lost 75 %"
