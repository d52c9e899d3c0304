"""A trained generator judged: its scores, and the images that speak for and against it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch

from ganterm.components.scores import SCORES, Comparison, Seen, measured, named, protocol
from ganterm.components.scores.class_accuracy import class_accuracy
from ganterm.components.scores.manifold import ROWS, squared_distances
from ganterm.components.scores.precision_recall import K
from ganterm.config import RunConfig
from ganterm.core.registry import is_reference
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation import Scoring
from ganterm.evaluation.embeddings import Embeddings
from ganterm.evaluation.judge import Judge
from ganterm.evaluation.splits import ImageSource
from ganterm.inference.load import Trained
from ganterm.inference.sample import generate, labels_in_turn, latents


class Reference(Protocol):
    """Real images as a judge sees them, with which generated ones are compared."""

    @property
    def trained(self) -> torch.Tensor | None:
        """Images (N, C, H, W) that were trained on, where that is known."""

    @property
    def told(self) -> dict[str, Any]:
        """Fields of a judgement that say which the real images are."""

    @property
    def labels(self) -> torch.Tensor | None:
        """Classes (N,) of the real images; None where they have none."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names."""

    @property
    def clusters(self) -> int | None:
        """Clusters that stand for modes where the judge does not know their classes; else None."""

    def beside(self, count: int) -> tuple[int, Embeddings]:
        """Return how many generated images are compared, of `count` asked, and with which real."""

    def pictures(self, count: int) -> torch.Tensor:
        """Return the real images, uint8 (N, C, H, W), that so many generated are compared with."""

    def floor(self, count: int, names: Sequence[str]) -> dict[str, float]:
        """Return the scores called `names` of real images against others."""

    def deviation(self, count: int) -> dict[str, float]:
        """Return `floor_deviation`, of its Fréchet distance over draws; nothing if not known."""


def realism(real: torch.Tensor, fake: torch.Tensor, real_radii: torch.Tensor) -> torch.Tensor:
    """Return a score (M,) for each generated image: 1 and above lies within the real manifold.

    Features (N, F) and (M, F), and the `radii` (N,) of the real ones: the score is the largest
    ratio of a real image's k-th neighbour distance to its distance from the generated one. As
    published, the half of the real images with the widest neighbourhoods is left out: they would
    take anything for real. In float32, which is exact enough to put images in order.
    """
    centre = real.mean(dim=0)
    real, fake = (real - centre).float(), (fake - centre).float()
    kept = real_radii <= real_radii.median()
    real, reach = real[kept], real_radii[kept].square().float()
    scores = [
        (reach / squared_distances(fake[start : start + ROWS], real).clamp_min(1e-12)).amax(dim=1)
        for start in range(0, len(fake), ROWS)
    ]
    return torch.cat(scores).sqrt() if scores else fake.new_zeros(0)


def labels_asked(reference: Reference, classes: Sequence[str], count: int) -> torch.Tensor | None:
    """Return labels (count,) to ask of a generator conditioned on `classes`; None without any.

    They are those of the real images that its own are compared with, so that both have the same
    share of every class. Where those have no labels that it knows, its classes come in turn.
    """
    if not classes:
        return None
    if reference.labels is None:
        return labels_in_turn(count, len(classes))
    # Of fewer real images than are generated the classes come again in turn.
    turns = reference.labels[torch.arange(count) % len(reference.labels)]
    found = translated(turns, reference.classes, classes)
    return labels_in_turn(count, len(classes)) if found is None else found


def translated(
    labels: torch.Tensor, names: Sequence[str], others: Sequence[str]
) -> torch.Tensor | None:
    """Return labels (N,) of classes called `names` as those of the same names among `others`.

    None where one of the names is not there.
    """
    if not set(names) <= set(others):
        return None
    return torch.tensor([others.index(name) for name in names])[labels.long().cpu()]


SHOWN = 16
"""Images in a picture of the best or the worst."""
_SIGNIFICANT = 6


@dataclass(frozen=True, eq=False)
class Verdict:
    """The fields of a `judged` record, and uint8 images (n, C, H, W), n <= `SHOWN`.

    `best` begins with the most convincing image of each class, `worst` with the least convincing
    of all; both are None where points are judged, which have no pictures.
    """

    fields: dict[str, Any]
    best: torch.Tensor | None
    worst: torch.Tensor | None


def source_of(config: RunConfig) -> ImageSource:
    """Return the images that a run trains on, as a judge is to see them."""
    return ImageSource(
        dataset=config.dataset,
        image_size=config.image_size,
        channels=config.channels,
        fit=config.fit,
        background=config.background,
        flip=config.flip,
    )


def judge_generator(
    trained: Trained,
    judge: Judge,
    reference: Reference,
    scoring: Scoring,
    *,
    copying: bool = True,
    progress: ProgressCallback = silent,
) -> Verdict:
    """Generate images from a seed and score them against as many real ones.

    Fewer where the reference holds fewer; the fields' `n` says how many. A conditional generator
    is asked for the classes of these real images; where the judge knows them, `class_accuracy`
    says how often it takes an image for what was asked. A score of the user's by which the best
    checkpoint is kept is measured too; without `copying` nothing is searched for copies.

    Raises ValueError when what is generated is not finite, and for k images or fewer, and
    ConfigError where a score of the user's cannot be measured.
    """
    began = time.perf_counter()
    count, real = reference.beside(scoring.count)
    labels = labels_asked(reference, trained.data.classes, count)
    images = generated(trained, labels, count, seed=scoring.seed, progress=progress)
    fake = judge.look(images, progress=progress)
    progress("Scoring", 0, None, "images")
    pictures = None if trained.data.is_points else images
    comparison = Comparison(
        real=real,
        fake=fake,
        images=pictures,
        trained=reference.trained if copying else None,
        real_images=reference.pictures(count),
        asked=None if labels is None else translated(labels, trained.data.classes, judge.classes),
        clusters=reference.clusters,
    )
    own = list(dict.fromkeys(filter(is_reference, (trained.config.keep_best, *scoring.scores))))
    names = [*named(k=scoring.k, splits=scoring.splits), *own]
    verdict = verdict_of(comparison, reference, judge, images=pictures, names=names)
    told = reference.told if copying else {}
    return replace(verdict, fields=verdict.fields | told | timed(began))


def verdict_of(
    comparison: Comparison,
    reference: Reference,
    judge: Judge,
    *,
    images: torch.Tensor | None,
    names: Sequence[str],
) -> Verdict:
    """Return the scores called `names` of what is compared, beside the floor of `reference`.

    `images` (N, C, H, W) are those that were generated; None for points.
    """
    real, fake = comparison.real, comparison.fake
    count, n_real = len(fake.features), len(real.features)
    floor = reference.floor(count, names)
    if comparison.asked is not None and reference.labels is not None:
        asked = translated(reference.labels[:n_real], reference.classes, judge.classes)
        if asked is not None:
            floor = floor | {"class_accuracy": class_accuracy(real.probabilities, asked)}
    without = () if fake.probabilities.shape[1] else names
    fields = {
        **{name: None for name in without if SCORES.facts(name).by_class},
        **_rounded(measured(comparison, names)),
        "histogram": [round(share, 5) for share in comparison.modes.histogram],
        "histogram_real": [round(share, 5) for share in comparison.modes.histogram_real],
        "floor": _rounded(floor),
        **_rounded(reference.deviation(count)),
        "judge": judge.digest,
        "judge_name": judge.words,
        **({"trust": judge.trust} if judge.trust else {}),
        "n": count,
        **({"n_real": n_real} if n_real != count else {}),
        **protocol(names),
        "classes": list(judge.classes) if reference.clusters is None else [],
    }
    if own := [name for name in names if is_reference(name)]:
        fields["components"] = {SCORES.kind: {name: SCORES.told(name) for name in own}}
    if images is None:
        return Verdict(fields, None, None)
    best, worst = _extremes(real, fake, comparison.radii("real", K))
    return Verdict(fields, images[best], images[worst])


def timed(began: float) -> dict[str, float]:
    """Return the field of a record that says how long it took since `began`."""
    return {"seconds": round(time.perf_counter() - began, 2)}


def generated(
    trained: Trained,
    labels: torch.Tensor | None,
    count: int,
    *,
    seed: int,
    progress: ProgressCallback = silent,
) -> torch.Tensor:
    """Generate uint8 images (count, C, H, W) of classes `labels` (count,), or points."""
    z = latents(count, trained.config.z_dim, seed=seed)
    parts = []
    size = count if trained.data.is_points else 1000
    for start in range(0, count, size):
        part = slice(start, start + size)
        asked = None if labels is None else labels[part]
        parts.append(generate(trained.generator, z[part], asked))
        progress("Generating images", min(start + size, count), count, "images")
    return torch.cat(parts)


def _extremes(
    real: Seen, fake: Seen, real_radii: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the indices of the most convincing images, the classes in turn, and of the least."""
    order = realism(real.features, fake.features, real_radii).argsort(descending=True)
    shares = fake.probabilities
    classes = shares.argmax(dim=1)[order].tolist() if shares.shape[1] else [0] * len(order)
    seen: dict[int, int] = {}
    turns = []
    for place, label in enumerate(classes):
        seen[label] = seen.get(label, -1) + 1
        turns.append((seen[label], label, place))
    best = [place for _, _, place in sorted(turns)[:SHOWN]]
    return order[best], order.flip(0)[:SHOWN]


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    """Round scores to what they are worth, so that a record stays short."""
    return {
        name: value if isinstance(value, int) else float(f"{value:.{_SIGNIFICANT}g}")
        for name, value in scores.items()
    }
