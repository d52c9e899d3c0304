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
from ganterm.components.scores.copies import copies
from ganterm.core.registry import is_reference
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation import kept
from ganterm.evaluation.cache import judge_path
from ganterm.evaluation.embeddings import Embeddings
from ganterm.evaluation.judge import Judge
from ganterm.evaluation.splits import ImageSource, RealImages, crc_of, real_images
from ganterm.evaluation.trust import deviation_over_draws

CLUSTERS = 10
"""Clusters that stand for modes at least, where the images have no classes the judge knows."""

_Fact = TypeVar("_Fact")

_SETS = ("real", "second")
_FORMAT = "ganterm-looks-2"


@dataclass(frozen=True, eq=False, kw_only=True)
class ReferenceSet:
    """Looks at two disjoint sets of real images.

    Generated images are compared with `real`; `second` against `real` is the floor.
    """

    real: Embeddings
    second: Embeddings
    images: RealImages
    clusters: int | None
    """Clusters that stand for modes where the images have no classes the judge knows; else None."""
    path: Path
    """Where the looks are kept."""
    looks: str
    """Digest of the looks."""

    @property
    def labels(self) -> torch.Tensor | None:
        """Classes (N,) of `real`; None where the images have none."""
        return self.images.real.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names."""
        return self.images.classes

    @property
    def trained(self) -> torch.Tensor | None:
        """Images that were trained on."""
        return self.images.trained

    @property
    def told(self) -> dict[str, Any]:
        """Fields of a judgement that say which the real images are."""
        return {"real": self.images.words, "held_out": self.images.held_out}

    def __len__(self) -> int:
        return min(len(self.real), len(self.second))

    def beside(self, count: int) -> tuple[int, Embeddings]:
        """Return how many generated images are compared, of `count` asked, and with which real."""
        count = min(count, len(self))
        return count, self.real.first(count)

    def pictures(self, count: int) -> torch.Tensor:
        """Return the first `count` real images."""
        return self.images.real.images[:count]

    def floor(self, count: int, names: Sequence[str] = SCORES.names) -> dict[str, float]:
        """Return the scores called `names` of `count` real images against as many others.

        Copies are those among the real images, of which others were trained on. All are kept once
        computed, but for scores of the user's: their files may have changed.
        """
        comparison = Comparison(
            real=self.real.first(count),
            fake=self.second.first(count),
            images=self.images.second.images[:count],
            real_images=self.pictures(count),
            clusters=self.clusters,
        )
        own = [name for name in names if is_reference(name)]
        ours = [name for name in names if name not in own]
        floor = self._kept(f"floor of {' '.join(ours)}", count, lambda: measured(comparison, ours))
        if "copies" in names and self.trained is not None:
            floor = floor | {"copies": self._copies(count, self.trained)}
        return floor | measured(comparison, own) if own else floor

    def deviation(self, count: int) -> dict[str, float]:
        """Return the deviation of its Fréchet distance over draws from all, kept once computed."""
        both = torch.cat([self.real.features, self.second.features])
        return self._kept("deviation", count, lambda: deviation_over_draws(both, count))

    def _copies(self, count: int, trained: torch.Tensor) -> float:
        real, places = self.images.real.images[:count], self.images.places
        own = None if places is None else places[:count]
        return self._kept(
            f"copies of {crc_of(trained)}", count, lambda: copies(real, trained, places=own)
        )

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
    judge: Judge,
    source: ImageSource,
    *,
    split: str = "train",
    holdout: float = 0.0,
    seed: int = 0,
    progress: ProgressCallback = silent,
) -> ReferenceSet:
    """Return what `judge` sees in the real images for a run that trained on `source`.

    As kept here, or else looked at now. `split` and `holdout` say what it trained on.

    Raises what `real_images` raises.
    """
    images = real_images(source, split=split, holdout=holdout, seed=seed, progress=progress)
    which = crc_of(images.real.images, images.second.images)
    path = judge_path(source, seed)
    path = path.with_name(f"{path.stem}-by-{judge.digest}-{which}.safetensors")
    facts = {"format": _FORMAT, "judge": judge.digest, "images": which}
    clusters = None
    if not judge.classes or judge.classes != images.classes:
        clusters = max(len(images.classes), CLUSTERS)
    tensors, known = kept.read(path) or ({}, {})
    if known != facts:
        tensors = _look(judge, images, progress)
        # What cannot be kept is looked at again the next time.
        with contextlib.suppress(OSError):
            kept.keep(path, tensors, facts)
    looks = {
        name: Embeddings(tensors[f"{name}.features"], tensors[f"{name}.probabilities"])
        for name in _SETS
    }
    return ReferenceSet(
        **looks, images=images, clusters=clusters, path=path, looks=kept.digest_of(tensors)
    )


def _facts_path(path: Path) -> Path:
    """Return where it is kept what the looks at `path` say of themselves, by their count."""
    return path.with_suffix(".facts.safetensors")


def _look(judge: Judge, images: RealImages, progress: ProgressCallback) -> dict[str, torch.Tensor]:
    return {
        f"{name}.{kind}": tensor
        for name, each in zip(_SETS, (images.real, images.second), strict=True)
        for kind, tensor in judge.look(each.images, progress=progress).as_tensors().items()
    }
