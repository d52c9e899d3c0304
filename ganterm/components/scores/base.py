"""What a score is, and what it is computed of: what a judge saw in real and generated images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ganterm.core.registry import Component, Facts

if TYPE_CHECKING:
    from torch import Tensor

    from ganterm.components.scores.manifold import Overlap
    from ganterm.components.scores.modes import Modes

_MOST_NEIGHBOURS = 5


class Seen(Protocol):
    """What a judge saw in a set of images."""

    @property
    def features(self) -> Tensor:
        """(N, F) floats."""

    @property
    def probabilities(self) -> Tensor:
        """(N, K) floats in [0, 1], rows adding up to 1; K is 0 for a judge without classes."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """Generated images beside real ones, which should be as many and not trained on.

    Raises `ValueError` for features that are not finite.

    Attributes:
        real, fake: what the judge saw in them.
        images, trained: the generated images and those that were trained on, uint8 (N, C, H, W);
            None leaves copies out.
        real_images: the real ones, uint8 (N, C, H, W), where they are at hand.
        asked: classes (N,) of the judge's that the generated images were asked to be of; None
            where they were not, or the judge does not know these classes.
        clusters: modes are so many clusters of the real features, in place of the judge's classes,
            for data without labels.
        seed: of what is drawn at random.
    """

    real: Seen
    fake: Seen
    images: Tensor | None = None
    trained: Tensor | None = None
    real_images: Tensor | None = None
    asked: Tensor | None = None
    clusters: int | None = None
    seed: int = 0
    _reaches: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False)
    _overlaps: dict[int, Overlap] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for side in (self.real, self.fake):
            if not bool(side.features.isfinite().all()):
                raise ValueError("the features to score are not finite")

    def radii(self, side: Literal["real", "fake"], k: int) -> Tensor:
        """Return the distance (N,) of each of one side to its k-th neighbour on the same side.

        Raises `ValueError` for a set of k images or fewer.
        """
        from ganterm.components.scores.manifold import to_neighbours  # noqa: PLC0415

        known = self._reaches.get(side)
        if known is None or known.shape[1] < k:
            features = getattr(self, side).features
            # As many as published scores take, where there are so many: one search for all of them.
            known = to_neighbours(features, k=max(k, min(_MOST_NEIGHBOURS, len(features) - 1)))
            self._reaches[side] = known
        return known[:, k - 1]

    def overlap(self, k: int) -> Overlap:
        """Return how the neighbourhoods of both overlap, each up to the k-th neighbour.

        Raises `ValueError` for a set of k images or fewer.
        """
        from ganterm.components.scores.manifold import overlap  # noqa: PLC0415 - imports PyTorch

        if k not in self._overlaps:
            self._overlaps[k] = overlap(
                self.real.features,
                self.fake.features,
                k=k,
                real_radii=self.radii("real", k),
                fake_radii=self.radii("fake", k),
            )
        return self._overlaps[k]

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
        by_class: whether it takes a judge that knows classes.
        group: the chart of a run that it is drawn in over the steps; empty for none.
        purpose: what the run is best for that is best by it, and `because` why; empty for nothing.
        setting: what its figure depends on, `k` for neighbours or `splits`; empty for nothing. A
            score with another `value` than the published one has another name, `precision_k5`.
        value: of that setting.
    """

    tells: str = ""
    short: str = ""
    less_is_better: bool = False
    is_share: bool = False
    by_class: bool = False
    group: str = ""
    purpose: str = ""
    because: str = ""
    setting: Literal["", "k", "splits"] = ""
    value: int = 0

    @property
    def direction(self) -> str:
        """Which way is better, in words."""
        return f"{'less' if self.less_is_better else 'more'} is better"


@dataclass(frozen=True, kw_only=True)
class Score(ScoreFacts, Component):
    """A figure of generated images beside real ones.

    Attributes:
        measure: returns it, or None where what it needs is not there.
        at: returns the same score with another value of its setting; None where it has none.
    """

    measure: Callable[[Comparison], float | None]
    at: Callable[[int], Score] | None = None


def by_neighbours(name: str, part: Callable[[Overlap], float], k: int, **facts: Any) -> Score:
    """Return the score that `part` makes of how the neighbourhoods of `k` neighbours overlap."""
    return Score(
        title=f"{name} (k={k})",
        short=name,
        setting="k",
        value=k,
        measure=lambda comparison: part(comparison.overlap(k)),
        at=partial(by_neighbours, name, part, **facts),
        **facts,
    )
