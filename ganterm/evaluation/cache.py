"""Judges known by their digest: those that come with ganterm, and those trained here and kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final, TypeVar

import torch

from ganterm.components.datasets import DATASETS
from ganterm.core.dataspec import Size
from ganterm.core.errors import ConfigError, DataError, WorkerError
from ganterm.core.files import expanded
from ganterm.core.registry import short
from ganterm.data import data_dir
from ganterm.data.images import ImageSet
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation import kept
from ganterm.evaluation.classifier import SMALLEST, Classifier, fit_classifier
from ganterm.evaluation.embedder import Embedder, fit_embedder
from ganterm.evaluation.inception import IN_HUB, find_weights, load_weights
from ganterm.evaluation.judge import ClassifierJudge, EmbedderJudge, Judge, PointJudge, StackedJudge
from ganterm.evaluation.splits import UNSAID, ImageSource, Splits, crc_of, split_dataset
from ganterm.evaluation.trust import Trust, examine
from ganterm.inference.sample import one_thread
from ganterm.runs.lock import LockHeld, WorkerLock

_FORMAT: Final = "ganterm-judge-3"
_EMBEDDER_FORMAT: Final = "ganterm-embedder-2"
SELF_SUPERVISED: Final = "self-supervised"
"""What the judge that needs no labels is called."""
LEAST_LEARNT, LEAST_CLASSES, LEAST_ACCURACY = 500, 10, 0.9
"""From which on a classifier is taken for a judge."""
SHIPPED: Final = Path(__file__).with_name("judges")
"""Judges that come with ganterm; `python -m ganterm.evaluation.shipped` makes them."""
_Kept = TypeVar("_Kept", ClassifierJudge, EmbedderJudge)
_Network = TypeVar("_Network", Classifier, Embedder)
_LOOK_SECONDS: Final = 0.5
"""Time between looks at a lock that is held."""


def choose_judge(
    named: str | None, source: ImageSource, *, progress: ProgressCallback = silent
) -> Judge:
    """Return the judge called `named`: a labelled dataset, a file of weights, or a name.

    The names are `self-supervised`, and `inception` and `dinov2` for weights that torch.hub keeps.
    None takes what `own_judge` chooses for the dataset of `source`. The judge learns images of the
    shape of `source`, which are what it is shown.

    Raises what obtaining it raises.
    """
    if named is None:
        return own_judge(source, progress=progress)
    if named == source.dataset:
        return obtain_judge(source, progress=progress)
    if DATASETS.accepts(source.dataset) and DATASETS.facts(source.dataset).spec.is_points:
        name = short(source.dataset)
        raise ConfigError(f"The points of {name} are judged as they are; leave --judge out.")
    if named == SELF_SUPERVISED:
        return obtain_embedder(source, split_dataset(source, progress=progress), progress=progress)
    path = find_weights(named) if named in IN_HUB else expanded(named)
    if path.is_file():
        return load_weights(path)
    other = ImageSource(
        dataset=named,
        image_size=source.image_size,
        channels=source.channels,
        fit=source.fit,
        background=source.background,
    )
    return obtain_judge(other, progress=progress)


def own_judge(source: ImageSource, *, seed: int = 0, progress: ProgressCallback = silent) -> Judge:
    """Return the judge that a dataset has where nobody names one.

    The classifier that comes with ganterm; one that learnt from `LEAST_LEARNT` images of
    `LEAST_CLASSES` classes at least and is right on `LEAST_ACCURACY` of held-out ones; and else a
    network that learns from the images alone. Few classes, or few images, make a classifier that
    takes poor images for real ones: all that it looks for is what tells the classes apart.

    Raises what `obtain_embedder` raises.
    """
    known = DATASETS.resolve(source.dataset) if DATASETS.accepts(source.dataset) else None
    exact = known is not None and (known.spec.is_points or known.stacked)
    if exact or _read_classifier(SHIPPED / judge_path(source, seed).name, {}) is not None:
        return obtain_judge(source, seed=seed, progress=progress)
    division = split_dataset(source, seed=seed, progress=progress)
    learnt = division.learnt
    if (
        learnt.labels is not None
        and division.held_out.labels is not None
        and len(learnt) >= LEAST_LEARNT
        and len(learnt.classes) >= LEAST_CLASSES
        and min(learnt.images.shape[2:]) >= SMALLEST
    ):
        judge = _obtain_classifier(source, division, seed=seed, progress=progress)
        if judge.accuracy >= LEAST_ACCURACY:
            return judge
    return obtain_embedder(source, division, seed=seed, progress=progress)


def obtain_judge(
    source: ImageSource, *, seed: int = 0, progress: ProgressCallback = silent
) -> Judge:
    """Return the classifier of a labelled dataset: one that comes with ganterm, or else is kept.

    One that is not here, is damaged, or was trained on other images is trained now, on one core,
    so that its digest does not depend on how many there are. Whoever wants the same at the same
    time waits for it. Points need no training, and stacked images the judge of one channel.

    Raises DataError for a dataset without labels, or with too few or too small images to learn
    from, and what loading it raises.
    """
    if DATASETS.accepts(source.dataset):
        dataset = DATASETS.resolve(source.dataset)
        if dataset.spec.is_points:
            return PointJudge(dataset)
        if dataset.stacked and source.channels == dataset.spec.channels:
            channel = replace(source, dataset=dataset.made_of, channels=1)
            judge = obtain_judge(channel, seed=seed, progress=progress)
            return StackedJudge(judge, source.dataset, dataset.spec.classes)
    if (shipped := _read_classifier(SHIPPED / judge_path(source, seed).name, {})) is not None:
        return shipped
    division = split_dataset(source, seed=seed, progress=progress)
    _check(source, division)
    return _obtain_classifier(source, division, seed=seed, progress=progress)


def _obtain_classifier(
    source: ImageSource, division: Splits, *, seed: int, progress: ProgressCallback
) -> ClassifierJudge:
    purpose = {
        "format": _FORMAT,
        "source": source.told,
        "seed": str(seed),
        "images": crc_of(division.learnt.images),
    }
    path = judge_path(source, seed)
    return _obtained(
        path,
        lambda: _read_classifier(path, purpose),
        lambda: trained_judge(source, division, seed=seed, progress=progress),
        purpose,
        progress,
    )


def obtain_embedder(
    source: ImageSource, division: Splits, *, seed: int = 0, progress: ProgressCallback = silent
) -> EmbedderJudge:
    """Return the judge that learns from the images of a dataset alone, trained or kept as others.

    It is kept by what it learnt from, wherever that lies and whatever it is called. Raises
    DataError where it cannot be kept.
    """
    learnt = division.learnt.images
    crc = crc_of(learnt)
    purpose = {"format": _EMBEDDER_FORMAT, "seed": str(seed), "images": crc}
    shape = "x".join(str(side) for side in (*learnt.shape[2:], learnt.shape[1]))
    path = data_dir() / "judges" / f"{SELF_SUPERVISED}-{shape}-{crc}-{seed}.safetensors"
    return _obtained(
        path,
        lambda: _read_embedder(path, purpose, source, learnt),
        lambda: trained_embedder(source, division, seed=seed, progress=progress),
        purpose,
        progress,
    )


def _obtained(
    path: Path,
    read: Callable[[], _Kept | None],
    train: Callable[[], _Kept],
    purpose: dict[str, str],
    progress: ProgressCallback,
) -> _Kept:
    """Return the judge at `path`; one that is not there is trained and kept by who comes first."""
    known = read()
    if known is None:
        with _alone(path, progress):
            known = read()
            if known is None:
                known = train()
                keep_judge(path, known, purpose)
    return known


def judge_path(source: ImageSource, seed: int = 0) -> Path:
    """Return where the judge of a dataset is kept, whether or not it is there."""
    name, fit = source.dataset, str(source.fit)
    shape = f"{Size.of(source.image_size)}x{source.channels}"
    if name in DATASETS.names:
        spec = DATASETS.facts(name).spec
        if (spec.size, spec.channels) == (Size.of(source.image_size), source.channels):
            fit = "auto"  # images as they are published need no fitting
    else:
        # Two folders, or files, of one name are two datasets.
        stem = re.sub(r"[^a-zA-Z0-9_-]+", "-", Path(name).name)[:40]
        name = f"{stem}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        if source.background not in UNSAID:
            fit += f"-{source.background.removeprefix('#')}"
    return data_dir() / "judges" / f"{name}-{shape}-{fit}-{seed}.safetensors"


def _check(source: ImageSource, division: Splits) -> None:
    for part in (division.learnt, division.held_out):
        _labels(source, part)
    if min(Size.of(source.image_size)) < SMALLEST:
        raise DataError(
            f"A judge takes images of at least {SMALLEST} pixels, not {source.image_size}; name "
            "weights of Inception with `--judge FILE`."
        )


def _labels(source: ImageSource, images: ImageSet) -> torch.Tensor:
    """Return the labels (N,) of images that can be learnt from."""
    if images.labels is None or len(images.classes) < 2:
        raise DataError(
            f"{source.dataset} has no labels to train a judge on; leave --judge out, or take "
            "`--judge self-supervised`."
        )
    return images.labels


@contextlib.contextmanager
def _alone(path: Path, progress: ProgressCallback) -> Iterator[None]:
    """Hold the lock of the judge at `path` within; waits as long as anybody else holds it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = WorkerLock(path.with_suffix(".lock"))
        began = time.monotonic()
        while not lock.held:
            try:
                lock.acquire(timeout=0)
            except LockHeld:
                waited = round(time.monotonic() - began)
                progress("Waiting for another ganterm to train the judge", waited, None, "s")
                time.sleep(_LOOK_SECONDS)
            except WorkerError:  # a file system without locks: at worst it is trained twice
                break
    except OSError as error:
        raise _cannot_keep(path, error) from error
    try:
        yield
    finally:
        lock.release()


def trained_judge(
    source: ImageSource, division: Splits, *, seed: int, progress: ProgressCallback = silent
) -> ClassifierJudge:
    """Train the judge of `division` on one core, and examine it on images it has not seen."""
    learnt, held_out = division.learnt, division.held_out
    with one_thread():
        network = fit_classifier(
            learnt.images,
            _labels(source, learnt),
            classes=len(learnt.classes),
            seed=seed,
            progress=progress,
        )
        judge = ClassifierJudge(
            network=network,
            dataset=source.dataset,
            digest=kept.digest_of(network.state_dict()),
            classes=learnt.classes,
            accuracy=0.0,
        )
        answers = judge.look(held_out.images).probabilities.argmax(dim=1)
        labels = _labels(source, held_out)
        accuracy = float((answers == labels).double().mean())
        kinds = labels if len(learnt.classes) >= LEAST_CLASSES else None
        examination = _examined(judge, held_out, progress, kinds=kinds)
        return replace(judge, accuracy=accuracy, examination=examination)


def trained_embedder(
    source: ImageSource, division: Splits, *, seed: int, progress: ProgressCallback = silent
) -> EmbedderJudge:
    """Train a judge on the images of `division` alone, on one core, and examine it on others."""
    images = division.learnt.images
    with one_thread():
        network = fit_embedder(images, seed=seed, progress=progress)
        judge = EmbedderJudge(
            network=network,
            dataset=source.dataset,
            digest=kept.digest_of(network.state_dict()),
            learnt=len(images),
        )
        return replace(judge, examination=_examined(judge, division.held_out, progress))


def _examined(
    judge: Judge, images: ImageSet, progress: ProgressCallback, *, kinds: torch.Tensor | None = None
) -> Trust:
    def look(part: torch.Tensor) -> torch.Tensor:
        return judge.look(part).features

    return examine(look, images.images, kinds=kinds, progress=progress)


def keep_judge(path: Path, judge: ClassifierJudge | EmbedderJudge, purpose: dict[str, str]) -> None:
    """Write a judge to `path`, with what it was trained for and what its examination found.

    Raises DataError where it cannot be written.
    """
    facts = {**purpose, **judge.facts}
    if judge.examination is not None:
        facts["examination"] = json.dumps(asdict(judge.examination))
    try:
        kept.keep(path, judge.network.state_dict(), facts, sync=True)
    except OSError as error:
        raise _cannot_keep(path, error) from error


def _cannot_keep(path: Path, error: OSError) -> DataError:
    return DataError(
        f"The judge cannot be kept in {path.parent} ({error.strerror}): make room or set "
        "GANTERM_DATA_DIR to another directory."
    )


def _found(
    path: Path, purpose: dict[str, str]
) -> tuple[dict[str, torch.Tensor], dict[str, str], Trust | None] | None:
    """Return what is kept at `path`; None if it is not there, not whole or of other images."""
    found = kept.read(path)
    if found is None:
        return None
    state, facts = found
    if any(facts.get(name) != value for name, value in purpose.items()):
        return None
    told = facts.get("examination")
    return state, facts, None if told is None else Trust(**json.loads(told))


def _read_classifier(path: Path, purpose: dict[str, str]) -> ClassifierJudge | None:
    if (found := _found(path, purpose)) is None:
        return None
    state, facts, examination = found
    source = json.loads(facts["source"])
    classes = tuple(json.loads(facts["classes"]))
    network = Classifier(
        image_size=source["image_size"], channels=source["channels"], classes=len(classes)
    )
    return ClassifierJudge(
        network=_restored(network, state),
        dataset=source["dataset"],
        digest=facts["digest"],
        classes=classes,
        accuracy=float(facts["accuracy"]),
        examination=examination,
    )


def _read_embedder(
    path: Path, purpose: dict[str, str], source: ImageSource, learnt: torch.Tensor
) -> EmbedderJudge | None:
    if (found := _found(path, purpose)) is None:
        return None
    state, facts, examination = found
    _, channels, height, width = learnt.shape
    network = Embedder(height=height, width=width, channels=channels)
    return EmbedderJudge(
        network=_restored(network, state),
        dataset=source.dataset,
        digest=facts["digest"],
        learnt=len(learnt),
        examination=examination,
    )


def _restored(network: _Network, state: dict[str, torch.Tensor]) -> _Network:
    network.load_state_dict(state)
    network.to(memory_format=torch.channels_last)
    return network.eval().requires_grad_(False)
