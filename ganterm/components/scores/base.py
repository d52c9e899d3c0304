"""What a score is, and what it is computed of: what a judge saw in real and generated images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from ganterm.core.registry import Component, Facts

if TYPE_CHECKING:
    from torch import Tensor

    from ganterm.components.scores.manifold import Overlap
    from ganterm.components.scores.modes import Modes

NEIGHBOURS: Final = 5
"""Neighbours that span a neighbourhood: the k of density and coverage as published."""


class Seen(Protocol):
    """What a judge saw in a set of images."""

    @property
    def features(self) -> Tensor:
        """(N, F) floats."""

    @property
    def probabilities(self) -> Tensor:
        """(N, K) floats in [0, 1], rows adding up to 1."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """Generated images beside real ones, which should be as many and not trained on.

    Raises `ValueError` for sets of k images or fewer, or of features that are not finite.

    Attributes:
        real, fake: what the judge saw in them.
        train: what it saw in images that were trained on; None leaves copies out.
        asked: classes (N,) of the judge's that the generated images were asked to be of; None
            where they were not, or the judge does not know these classes.
        real_radii: the `radii` of `real`, where they are known already.
        copying: the `copy_distance` of `real` from `train`, where it is known already.
        clusters: modes are so many clusters of the real features, in place of the judge's classes,
            for data without labels.
        k: neighbours that span a neighbourhood.
        seed: of what is drawn at random.
    """

    real: Seen
    fake: Seen
    train: Seen | None = None
    asked: Tensor | None = None
    real_radii: Tensor | None = None
    copying: float | None = None
    clusters: int | None = None
    k: int = NEIGHBOURS
    seed: int = 0

    def __post_init__(self) -> None:
        for side in (self.real, self.fake):
            if len(side.features) <= self.k:
                raise ValueError(
                    f"scores at k = {self.k} take at least {self.k + 1} images of each kind"
                )
            if not bool(side.features.isfinite().all()):
                raise ValueError("the features to score are not finite")

    @cached_property
    def overlap(self) -> Overlap:
        """How the neighbourhoods of both overlap: one pass over all pairs for several scores."""
        from ganterm.components.scores.manifold import overlap  # noqa: PLC0415 - imports PyTorch

        real, fake = self.real.features, self.fake.features
        return overlap(real, fake, k=self.k, real_radii=self.real_radii)

    @cached_property
    def modes(self) -> Modes:
        """Which modes of the data the generated images reach."""
        from ganterm.components.scores.modes import class_modes, cluster_modes  # noqa: PLC0415

        if self.clusters is None:
            return class_modes(self.real.probabilities, self.fake.probabilities)
        real, fake = self.real.features, self.fake.features
        return cluster_modes(real, fake, clusters=self.clusters, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class ScoreFacts(Facts):
    """How a score is to be read; `help` says what it measures.

    Attributes:
        tells: what it tells of the generated images, in a few words beside its figure.
        short: what it is called where there is little room; by default its name.
        less_is_better: whether images are better the lower it is.
        is_share: whether it lies in [0, 1].
        group: the chart of a run that it is drawn in over the steps; empty for none.
        purpose: what the run is best for that is best by it, and `because` why; empty for nothing.
    """

    tells: str = ""
    short: str = ""
    less_is_better: bool = False
    is_share: bool = False
    group: str = ""
    purpose: str = ""
    because: str = ""

    @property
    def direction(self) -> str:
        """Which way is better, in words."""
        return f"{'less' if self.less_is_better else 'more'} is better"


@dataclass(frozen=True, kw_only=True)
class Score(ScoreFacts, Component):
    """A figure of generated images beside real ones.

    Attributes:
        measure: returns it, or None where what it needs is not there.
    """

    measure: Callable[[Comparison], float | None]
