"""A trained generator judged: its scores, and the images that speak for and against it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ganterm.config import RunConfig
from ganterm.data.progress import Progress, silent
from ganterm.judging.asked import labels_asked, translated
from ganterm.judging.division import Source
from ganterm.judging.judge import Judge
from ganterm.judging.looks import Looks
from ganterm.judging.reference import Reference
from ganterm.judging.scores import NEIGHBOURS, class_accuracy, radii, score
from ganterm.judging.scores.realism import realism
from ganterm.latent.load import Trained
from ganterm.latent.sample import generate, latents

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


def source_of(config: RunConfig) -> Source:
    """Return the images that a run trains on, as a judge is to see them."""
    return Source(
        dataset=config.dataset,
        image_size=config.image_size,
        channels=config.channels,
        fit=config.fit,
    )


def judge_generator(
    trained: Trained,
    judge: Judge,
    reference: Reference,
    *,
    count: int,
    seed: int = 0,
    progress: Progress = silent,
) -> Verdict:
    """Generate `count` images from a seed and score them against as many real ones.

    Fewer where the reference holds fewer; the fields' `n` says how many. A conditional generator
    is asked for the classes of these real images; where the judge knows them, `class_accuracy`
    says how often it takes an image for what was asked. Raises ValueError when what is generated
    is not finite, and for k images or fewer.
    """
    began = time.perf_counter()
    count = min(count, len(reference))
    labels = labels_asked(reference, trained.data.classes, count)
    images = _generate(trained, labels, count, seed, progress)
    fake = judge.look(images, progress=progress)
    real = reference.real.first(count)
    progress("Scoring", 0, None, "images")
    real_radii = radii(real.features, k=NEIGHBOURS)
    # A run on the test split has seen what it would be compared with.
    on_train = trained.config.split == "train"
    scores = score(
        real,
        fake,
        train=reference.train if on_train else None,
        real_radii=real_radii,
        copying=reference.copy_distance(count) if on_train else None,
        k=NEIGHBOURS,
        clusters=reference.clusters,
    )
    reached, floor = scores.as_record(), reference.floor(count)
    if labels is not None:
        accuracy = _accuracy(fake, labels, trained.data.classes, judge)
        reached |= accuracy
        if accuracy and reference.labels is not None:
            floor = floor | _accuracy(real, reference.labels[:count], reference.classes, judge)
    fields = {
        **_rounded(reached),
        "floor": _rounded(floor),
        "judge": judge.digest,
        "judge_name": judge.words,
        "n": count,
        "classes": list(judge.classes) if reference.clusters is None else [],
    }
    best = worst = None
    if not trained.data.is_points:
        best, worst = (images[chosen] for chosen in _extremes(real, fake, real_radii))
    fields["seconds"] = round(time.perf_counter() - began, 2)
    return Verdict(fields, best, worst)


def _accuracy(
    looks: Looks, labels: torch.Tensor, names: Sequence[str], judge: Judge
) -> dict[str, float]:
    """Return the class accuracy of images of `labels` (N,), which `names` says the meaning of.

    Nothing where the judge does not know these classes.
    """
    asked = translated(labels, names, judge.classes)
    if asked is None:
        return {}
    return {"class_accuracy": class_accuracy(looks.probabilities, asked)}


def _generate(
    trained: Trained, labels: torch.Tensor | None, count: int, seed: int, progress: Progress
) -> torch.Tensor:
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
    real: Looks, fake: Looks, real_radii: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the indices of the most convincing images, the classes in turn, and of the least."""
    order = realism(real.features, fake.features, real_radii).argsort(descending=True)
    classes = fake.probabilities.argmax(dim=1)[order].tolist()
    seen: dict[int, int] = {}
    turns = []
    for place, label in enumerate(classes):
        seen[label] = seen.get(label, -1) + 1
        turns.append((seen[label], label, place))
    best = [place for _, _, place in sorted(turns)[:SHOWN]]
    return order[best], order.flip(0)[:SHOWN]


def _rounded(fields: dict[str, Any]) -> dict[str, Any]:
    """Round floats to what they are worth, so that a record stays short."""
    rounded: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, float):
            rounded[name] = float(f"{value:.{_SIGNIFICANT}g}")
        elif isinstance(value, list):
            rounded[name] = [round(each, 5) for each in value]
        else:
            rounded[name] = value
    return rounded
