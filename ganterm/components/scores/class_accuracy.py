"""Class accuracy: whether images that were asked to be of a class are taken for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.scores.base import Comparison, Score

if TYPE_CHECKING:
    import torch


def class_accuracy(probabilities: torch.Tensor, asked: torch.Tensor) -> float:
    """Return the share of images whose likeliest class is the one that was asked for, in [0, 1].

    Of class probabilities (N, K) and classes asked for (N,), N >= 1. It says nothing of variety:
    one good image of each class, over and over, reaches 1.
    """
    likeliest = probabilities.argmax(dim=1)
    return float((likeliest == asked.to(likeliest.device)).double().mean())


def _of_those_asked_for(comparison: Comparison) -> float | None:
    if comparison.asked is None:
        return None
    return class_accuracy(comparison.fake.probabilities, comparison.asked)


CLASS_ACCURACY = Score(
    title="class accuracy",
    help="share of generated images that the judge takes for the class asked for, in [0, 1]",
    tells="are of the class asked for",
    is_share=True,
    measure=_of_those_asked_for,
)
