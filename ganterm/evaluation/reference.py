"""What a judge sees in real images, which generated ones are held against; kept like judges."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from ganterm.components.scores import SCORES, Comparison, measured
from ganterm.components.scores.copies import copy_distance
from ganterm.core.registry import is_reference
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation import kept
from ganterm.evaluation.cache import judge_path
from ganterm.evaluation.embeddings import Embeddings
from ganterm.evaluation.judge import Judge
from ganterm.evaluation.splits import ImageSource, Splits, checksum, split_dataset

TRAIN_LOOKS = 20_000
"""Training images that generated ones are held against in the search for copies."""
CLUSTERS = 10
"""Clusters that stand for modes at least, where the images have no classes the judge knows."""

_Fact = TypeVar("_Fact")

_SETS = ("real", "second", "train")
_FORMAT = "ganterm-looks-2"


@dataclass(frozen=True, eq=False, kw_only=True)
class ReferenceSet:
    """Looks at three disjoint sets of real images.

    Generated images are compared with `real`; `second` against `real` is the floor; `train` are
    images that were trained on.
    """

    real: Embeddings
    second: Embeddings
    train: Embeddings
    clusters: int | None
    """Clusters that stand for modes where the images have no classes the judge knows; else None."""
    path: Path
    """Where the looks are kept."""
    looks: str
    """Digest of the looks."""
    labels: torch.Tensor | None = None
    """Classes (N,) of `real`; None where the images have none."""
    classes: tuple[str, ...] = ()
    """Their names."""

    def __len__(self) -> int:
        return min(len(self.real), len(self.second))

    def beside(self, count: int) -> tuple[int, Embeddings]:
        """Return how many generated images are compared, of `count` asked, and with which real."""
        count = min(count, len(self))
        return count, self.real.first(count)

    def floor(self, count: int, names: Sequence[str] = SCORES.names) -> dict[str, float]:
        """Return the scores called `names` of `count` real images against as many others.

        They are kept once computed, but for scores of the user's: their files may have changed.
        """
        comparison = Comparison(
            real=self.real.first(count), fake=self.second.first(count), clusters=self.clusters
        )
        own = [name for name in names if is_reference(name)]
        ours = [name for name in names if name not in own]
        floor = self._kept(f"floor of {' '.join(ours)}", count, lambda: measured(comparison, ours))
        return floor | measured(comparison, own) if own else floor

    def copy_distance(self, count: int) -> float:
        """Return the copy distance of `count` real images; kept once computed."""
        real = self.real.first(count).features
        return self._kept("copy_distance", count, lambda: copy_distance(real, self.train.features))

    def _kept(self, what: str, count: int, compute: Callable[[], _Fact]) -> _Fact:
        """Return what is kept of these looks at their first `count` images, or compute it now."""
        path = _facts_path(self.path)
        whose = {"format": _FORMAT, "looks": self.looks}
        _, known = kept.read(path) or ({}, {})
        facts: dict[str, dict[str, Any]] = {}
        if whose.items() <= known.items():
            facts = json.loads(known["facts"])
        of_count = facts.setdefault(str(count), {})
        if what not in of_count:
            of_count[what] = compute()
            with contextlib.suppress(OSError):
                kept.keep(path, {}, {**whose, "facts": json.dumps(facts)})
        fact: _Fact = of_count[what]
        return fact


def obtain_reference(
    judge: Judge, source: ImageSource, *, seed: int = 0, progress: ProgressCallback = silent
) -> ReferenceSet:
    """Return what `judge` sees in the images of `source`: as kept here, or else looked at now.

    Raises what `split_dataset` raises.
    """
    division = split_dataset(source, seed=seed, progress=progress)
    name = judge_path(source, seed).stem
    path = judge_path(source, seed).with_name(f"{name}-by-{judge.digest}.safetensors")
    facts = {
        "format": _FORMAT,
        "judge": judge.digest,
        "images": checksum(division.real, division.second),
    }
    clusters = None
    if not judge.classes or judge.classes != division.classes:
        clusters = max(len(division.classes), CLUSTERS)
    tensors, known = kept.read(path) or ({}, {})
    if known != facts:
        tensors = _look(judge, division, progress)
        # What cannot be kept is looked at again the next time.
        with contextlib.suppress(OSError):
            kept.keep(path, tensors, facts)
    looks = {
        name: Embeddings(tensors[f"{name}.features"], tensors[f"{name}.probabilities"])
        for name in _SETS
    }
    return ReferenceSet(
        **looks,
        clusters=clusters,
        path=path,
        looks=kept.digest_of(tensors),
        labels=division.real.labels,
        classes=division.classes,
    )


def _facts_path(path: Path) -> Path:
    """Return where it is kept what the looks at `path` say of themselves, by their count."""
    return path.with_suffix(".facts.safetensors")


def _look(judge: Judge, division: Splits, progress: ProgressCallback) -> dict[str, torch.Tensor]:
    sets = (
        division.real.images,
        division.second.images,
        division.learnt.images[:TRAIN_LOOKS],
    )
    return {
        f"{name}.{kind}": tensor
        for name, images in zip(_SETS, sets, strict=True)
        for kind, tensor in judge.look(images, progress=progress).as_tensors().items()
    }
