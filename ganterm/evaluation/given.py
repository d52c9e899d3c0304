"""Images of any program, judged; and real images in files, all of which are compared with."""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from ganterm.components.datasets import DATASETS
from ganterm.components.scores import SCORES, Comparison, measured, named
from ganterm.components.scores.copies import copies
from ganterm.components.scores.frechet import distance_from, gaussian
from ganterm.core.dataspec import COLOURS, ImageSize, Size
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.files import expanded
from ganterm.core.registry import short
from ganterm.data.given import Statistics, in_shape, load_given
from ganterm.data.images import ImageSet
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation import Scoring
from ganterm.evaluation.cache import SELF_SUPERVISED, choose_judge, obtain_embedder
from ganterm.evaluation.dinov2 import DinoJudge
from ganterm.evaluation.embeddings import Embeddings
from ganterm.evaluation.inception import InceptionJudge
from ganterm.evaluation.judge import Judge
from ganterm.evaluation.reference import CLUSTERS, obtain_reference
from ganterm.evaluation.report import (
    Reference,
    Verdict,
    generated,
    judge_generator,
    timed,
    translated,
    verdict_of,
)
from ganterm.evaluation.splits import (
    LEAST_IMAGES,
    ImageSource,
    both_ways,
    half_mirrored,
    load_source,
    real_images,
    split_images,
)
from ganterm.evaluation.trust import deviation_over_draws
from ganterm.inference.load import Trained
from ganterm.inference.sample import labels_in_turn


@dataclass(frozen=True, eq=False, kw_only=True)
class WholeReference:
    """Looks at all images of a file, a folder or a dataset; nothing here learnt from them.

    What generated images are compared with is not divided, so the floor is that of two halves, and
    copies are searched for among all of them.
    """

    real: Embeddings
    trained: torch.Tensor
    """The images themselves (N, C, H, W), in the same random order; mirrored (2N, ...) after them,
    where the run mirrors half of what it sees."""
    clusters: int | None
    labels: torch.Tensor | None
    classes: tuple[str, ...]
    words: str = ""
    """Which images they are, where that is not plain; then all are compared, however many."""

    def beside(self, count: int) -> tuple[int, Embeddings]:
        """Return `count`, and as many real images where there are so many, or all."""
        return count, self.real if self.words else self.real.first(count)

    def pictures(self, count: int) -> torch.Tensor:
        """Return these real images."""
        return self.trained if self.words else self.trained[:count]

    def floor(self, count: int, names: Sequence[str] = SCORES.names) -> dict[str, float]:
        """Return the scores of one half of `count` real images against the other."""
        half = min(count, len(self.real)) // 2
        second = Embeddings(
            self.real.features[half : 2 * half], self.real.probabilities[half : 2 * half]
        )
        comparison = Comparison(
            real=self.real.first(half),
            fake=second,
            images=self.trained[half : 2 * half],
            real_images=self.trained[:half],
            clusters=self.clusters,
        )
        floor = measured(comparison, names)
        if "copies" in names:
            own = torch.arange(half, 2 * half)
            twins = torch.arange(0, len(self.trained), len(self.real))
            places = own[:, None] + twins
            floor["copies"] = copies(self.trained[own], self.trained, places=places)
        return floor

    def deviation(self, count: int) -> dict[str, float]:
        """Return the deviation of that of the halves over draws."""
        return deviation_over_draws(self.real.features, min(count, len(self.real)) // 2)

    @property
    def told(self) -> dict[str, Any]:
        """Which the real images are; whoever names them knows."""
        return {"real": self.words, "held_out": False} if self.words else {}


@dataclass(frozen=True, eq=False)
class Against:
    """Real images, or what is published of them, and the judge that looks at them.

    Attributes:
        identity: what tells judgements beside these images from others by the same judge.
        name: what they are called.
        channels: of the images that are compared.
        notes: sentences on what the real images were taken for.
    """

    judge: Judge
    reference: Reference | Statistics
    identity: str
    name: str
    channels: int
    notes: list[str]

    def judged_generator(
        self, trained: Trained, scoring: Scoring, *, progress: ProgressCallback = silent
    ) -> Verdict:
        """Judge a trained generator as `judge_generator` does, or by its Fréchet distance alone."""
        if isinstance(self.reference, Statistics):
            count, classes = scoring.count, trained.data.classes
            labels = labels_in_turn(count, len(classes)) if classes else None
            images = generated(trained, labels, count, seed=scoring.seed, progress=progress)
            return self._told(self._by_statistics(images, self.reference, progress))
        verdict = judge_generator(
            trained, self.judge, self.reference, scoring, copying=False, progress=progress
        )
        return self._told(verdict)

    def judged_images(
        self, images: ImageSet, scoring: Scoring, *, progress: ProgressCallback = silent
    ) -> Verdict:
        """Judge images, some drawn from the seed where there are more than are asked for.

        They are searched for copies of the real ones: of those that a run would train on, where
        these are divided, and of all else.

        Raises ValueError for k images or fewer.
        """
        began = time.perf_counter()
        reference, count = self.reference, scoring.count
        if not isinstance(reference, (Statistics, WholeReference)):
            # As of a run: as many of each.
            count, _ = reference.beside(min(count, len(images)))
        chosen = torch.arange(len(images))
        if len(images) > count:
            random = torch.Generator().manual_seed(scoring.seed)
            chosen = torch.randperm(len(images), generator=random)[:count]
        pixels = images.images[chosen]
        if isinstance(reference, Statistics):
            return self._told(self._by_statistics(pixels, reference, progress))
        _, real = reference.beside(count)
        fake = self.judge.look(pixels, progress=progress)
        progress("Scoring", 0, None, "images")
        labels = None if images.labels is None else images.labels[chosen]
        asked = None
        if labels is not None and self.judge.classes:
            asked = translated(labels, images.classes, self.judge.classes)
        comparison = Comparison(
            real=real,
            fake=fake,
            images=pixels,
            trained=reference.trained,
            real_images=reference.pictures(count),
            asked=asked,
            clusters=reference.clusters,
        )
        names = [*named(k=scoring.k, splits=scoring.splits), *scoring.scores]
        verdict = verdict_of(comparison, reference, self.judge, images=pixels, names=names)
        verdict.fields.update(timed(began))
        return self._told(verdict)

    def _by_statistics(
        self, images: torch.Tensor, statistics: Statistics, progress: ProgressCallback
    ) -> Verdict:
        """Return the Fréchet distance of images from published statistics, which is all they give.

        Raises DataError for statistics of other features than the judge's.
        """
        began = time.perf_counter()
        mean, covariance = gaussian(self.judge.look(images, progress=progress).features)
        if mean.shape != statistics.mean.shape:
            raise DataError(
                f"{statistics.name} has statistics of {len(statistics.mean):,} features, and the "
                f"judge sees {len(mean):,}: name the weights they were made with by --judge FILE."
            )
        distance = distance_from(statistics.mean, statistics.covariance)(mean, covariance)
        fields = {
            "fid": float(f"{distance:.6g}"),
            "floor": {},
            "judge": self.judge.digest,
            "judge_name": self.judge.words,
            "n": len(images),
            "k": {},
            **timed(began),
        }
        return Verdict(fields, None, None)

    def _told(self, verdict: Verdict) -> Verdict:
        """Return a judgement that says what it was made beside, so that it stands apart."""
        told = {
            "judge": f"{verdict.fields['judge']}-{self.identity}",
            "judge_name": f"{verdict.fields['judge_name']}, beside {self.name}",
            "apart": True,
        }
        return replace(verdict, fields=verdict.fields | told)


def obtain_against(
    against: str,
    named_judge: str | None,
    *,
    count: int,
    image_size: ImageSize,
    channels: int,
    colour_of_both: bool = False,
    tile: ImageSize | None = None,
    progress: ProgressCallback = silent,
) -> Against:
    """Return the real images at `against`: a dataset, a folder or a file, and who judges by them.

    `count` generated images are to be compared with them. They are brought to the size and channels
    of those that are judged; with `colour_of_both` to three channels where either has colours. A
    dataset, and a folder that the judge learns from, is divided as `reference_for` does; of all
    else every image is compared with.

    Where none is named, a network learns to judge from what a file holds. Raises ConfigError and
    DataError as `load_given` and obtaining the judge do.
    """
    path = expanded(against)
    named = against in DATASETS.names
    is_dataset = named or (DATASETS.accepts(against) and not path.exists())
    if not is_dataset and not path.exists():
        raise ConfigError(f"There is no dataset, folder or file {against}; check the name.")
    name = against if is_dataset else str(path.absolute())
    own = named_judge is None or named_judge in (against, name)
    learns = own or named_judge == SELF_SUPERVISED
    given = None
    if not is_dataset:
        given = load_given(against, tile=tile, alpha=channels == 4, progress=progress)
    notes = list(given.notes) if isinstance(given, ImageSet) else []
    if not isinstance(given, Statistics):
        size, colours = _shape_of(against, given)
        channels = max(channels, colours) if colour_of_both else channels
        if (size, colours) != (Size.of(image_size), channels):
            notes.append(
                f"The real images, {size} in {COLOURS[colours]}, are compared at "
                f"{Size.of(image_size)} in {COLOURS[channels]}, as those that are judged."
            )
    elif learns:
        raise ConfigError(
            f"{against} holds statistics and no images to train a judge on; name the weights that "
            "they were made with by `--judge FILE`."
        )
    source = ImageSource(dataset=name, image_size=image_size, channels=channels)
    divided = given is None or (learns and path.is_dir())
    if isinstance(given, ImageSet) and not divided:
        given = in_shape(given, image_size=image_size, channels=channels, progress=progress)
    if isinstance(given, ImageSet) and learns and not divided:
        judge: Judge = obtain_embedder(source, split_images(given, name), progress=progress)
    else:
        judge = choose_judge(None if own else named_judge, source, progress=progress)
    reference: Reference | Statistics
    if given is None or divided:
        reference = reference_for(judge, source, count=count, progress=progress)
        identity = f"{zlib.crc32(name.encode()):08x}"
    elif isinstance(given, Statistics):
        reference, identity = given, f"{zlib.crc32(given.mean.numpy().tobytes()):08x}"
    else:
        least_real(len(given), against)
        reference, identity = _all_of(given, judge, "", progress), given.crc32
    return Against(judge, reference, identity, short(path.name), channels, notes)


def _shape_of(against: str, given: ImageSet | None) -> tuple[Size, int]:
    """Return the size and the channels that real images have; raises ConfigError for points."""
    if given is not None:
        return given.size, given.channels
    spec = DATASETS.resolve(against).spec
    if spec.is_points:
        raise ConfigError(f"{against} has points and no images; name another to compare with.")
    return spec.size, spec.channels


def reference_for(
    judge: Judge,
    source: ImageSource,
    *,
    count: int,
    split: str = "train",
    holdout: float = 0.0,
    progress: ProgressCallback = silent,
) -> Reference:
    """Return the real images of a dataset that `count` generated ones are compared with.

    They are those that a run does not train on, as `obtain_reference` has them. Where weights of
    others judge, which learnt from none, and there are fewer of these, they are all images of
    the split, as the Frechet distance is published.

    Raises what `obtain_reference` raises, and DataError for too few images.
    """
    if isinstance(judge, InceptionJudge | DinoJudge):
        apart = real_images(source, split=split, holdout=holdout, progress=progress)
        if count > min(len(apart.real), len(apart.second)):
            whole = load_source(source, split, progress)
            half = ", half of them mirrored" if source.flip else ""
            words = f"all {len(whole):,} of {short(source.dataset)}{half}, as FID is published"
            return _all_of(whole, judge, words, progress, flip=source.flip)
    reference = obtain_reference(judge, source, split=split, holdout=holdout, progress=progress)
    least_real(min(count, len(reference)), source.dataset)
    return reference


def _all_of(
    real: ImageSet, judge: Judge, words: str, progress: ProgressCallback, *, flip: bool = False
) -> WholeReference:
    order = torch.randperm(len(real), generator=torch.Generator().manual_seed(0))
    known = bool(judge.classes) and judge.classes == real.classes
    images = real.picked(order)
    seen = half_mirrored(images) if flip else images
    return WholeReference(
        real=judge.look(seen.images, progress=progress),
        trained=both_ways(images.images) if flip else images.images,
        clusters=None if known else max(len(real.classes), CLUSTERS),
        labels=images.labels,
        classes=real.classes if real.labels is not None else (),
        words=words,
    )


def least_real(count: int, name: str) -> None:
    """Raise DataError where `count` real images are too few for a score worth its digits."""
    if count < LEAST_IMAGES // 4:
        raise DataError(f"{name} leaves {count} images to compare with; add more.")


def judge_images(
    place: str,
    against: str,
    scoring: Scoring,
    *,
    judge: str | None = None,
    tile: ImageSize | None = None,
    progress: ProgressCallback = silent,
) -> tuple[Verdict, list[str]]:
    """Judge the images at `place` beside the real ones at `against`; no run is needed.

    What is judged sets the size; where either has colours, both are compared in colour. Returns
    the judgement, and sentences on what the images were taken for.

    Raises ConfigError and DataError as `load_given` and `obtain_against` do, and DataError for too
    few images.
    """
    given = load_given(place, tile=tile, progress=progress)
    if isinstance(given, Statistics):
        raise DataError(f"{place} holds statistics and no images; give it to --against.")
    if len(given) < LEAST_IMAGES // 4:
        raise DataError(f"{place} holds {len(given)} images; judging takes {LEAST_IMAGES // 4}.")
    size, channels = given.size.setting, given.channels
    beside = obtain_against(
        against,
        judge,
        count=min(scoring.count, len(given)),
        image_size=size,
        channels=channels,
        colour_of_both=True,
        tile=tile,
        progress=progress,
    )
    images = in_shape(given, image_size=size, channels=beside.channels, progress=progress)
    try:
        verdict = beside.judged_images(images, scoring, progress=progress)
    except ValueError as error:
        raise DataError(f"{place} cannot be judged: {error}.") from None
    return verdict, [*given.notes, *beside.notes]
