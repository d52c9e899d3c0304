"""The Wasserstein critic (Arjovsky et al. 2017, arXiv:1701.07875): a score without an origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ganterm.components.losses.base import Loss, lowered_score, score_of_fakes
from ganterm.core.settings import Problem


def _bounded_slope(config: Any) -> Iterator[Problem]:
    if config.penalty_strength == 0 and not config.spectral_norm:
        yield Problem(
            "loss",
            "wasserstein needs a critic of bounded slope; set penalty = wgan-gp with a "
            "penalty_weight above 0, or spectral_norm = true.",
        )


WASSERSTEIN = Loss(
    title="Wasserstein",
    help="Mean scores apart estimate a distance; the critic's slope must be bounded.",
    measures_distance=True,
    real=lowered_score,
    fake=score_of_fakes,
    generator=lowered_score,
    rules=(_bounded_slope,),
)
