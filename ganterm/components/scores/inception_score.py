"""The Inception Score (Salimans et al. 2016, "Improved Techniques for Training GANs")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.scores.base import Score

if TYPE_CHECKING:
    import torch


def inception_score(probabilities: torch.Tensor) -> float:
    """Return exp of the mean KL of p(y|x) from p(y), in [1, K], of probabilities (N, K).

    High where every image is clearly of one class and all classes are met. Over all images at
    once: splits, as in the first publication, lower the score by a bias that grows with their
    number.
    """
    import torch  # noqa: PLC0415 - faces read scores without PyTorch

    conditional = probabilities.double()
    marginal = conditional.mean(dim=0, keepdim=True)
    # x log x is 0 at 0; xlogy says so.
    divergence = torch.xlogy(conditional, conditional) - torch.xlogy(conditional, marginal)
    return float(divergence.sum(dim=1).mean().exp())


INCEPTION_SCORE = Score(
    title="Inception Score",
    help="exp of the mean KL of p(y|x) from p(y)",
    tells="sure of each, and of many classes",
    short="IS",
    measure=lambda comparison: inception_score(comparison.fake.probabilities),
)
