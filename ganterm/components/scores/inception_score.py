"""The Inception Score (Salimans et al. 2016, "Improved Techniques for Training GANs")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ganterm.components.scores.base import Comparison, Score

if TYPE_CHECKING:
    import torch

SPLITS: Final = 10
"""Parts whose scores are averaged, as published."""


def inception_score(probabilities: torch.Tensor, *, splits: int = SPLITS) -> float:
    """Return the mean over `splits` of exp of the mean KL of p(y|x) from p(y), in [1, K].

    Of probabilities (N, K), cut into parts in their order. High where every image is clearly of
    one class and all classes are met. Smaller parts score lower. Raises ValueError for fewer
    images than parts.
    """
    import torch  # noqa: PLC0415 - faces read scores without PyTorch

    count = len(probabilities)
    if count < splits:
        raise ValueError(f"an Inception Score of {splits} splits takes as many images")
    scores = []
    for part in range(splits):
        conditional = probabilities[part * count // splits : (part + 1) * count // splits].double()
        marginal = conditional.mean(dim=0, keepdim=True)
        # x log x is 0 at 0; xlogy says so.
        divergence = torch.xlogy(conditional, conditional) - torch.xlogy(conditional, marginal)
        scores.append(divergence.sum(dim=1).mean().exp())
    return float(torch.stack(scores).mean())


def _in_any_order(comparison: Comparison, splits: int) -> float | None:
    import torch  # noqa: PLC0415

    seen = comparison.fake.probabilities
    if not seen.shape[1]:
        return None
    # Images of a folder come class by class.
    order = torch.randperm(len(seen), generator=torch.Generator().manual_seed(comparison.seed))
    return inception_score(seen[order.to(seen.device)], splits=splits)


def of_splits(splits: int) -> Score:
    """Return the Inception Score averaged over so many parts."""
    return Score(
        title=f"IS of {splits} split{'s' * (splits != 1)}",
        help="Inception Score: exp of the mean KL of p(y|x) from p(y)",
        tells="sure of each, and of many classes",
        short="IS",
        by_class=True,
        setting="splits",
        value=splits,
        measure=lambda comparison: _in_any_order(comparison, splits),
        at=of_splits,
    )


INCEPTION_SCORE = of_splits(SPLITS)
