"""Judges known by their digest: those that come with ganterm, and those trained here and kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

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
from ganterm.evaluation.inception import load_inception
from ganterm.evaluation.judge import ClassifierJudge, Judge, PointJudge, StackedJudge
from ganterm.evaluation.splits import ImageSource, Splits, crc_of, split_dataset
from ganterm.inference.sample import one_thread
from ganterm.runs.lock import LockHeld, WorkerLock

_FORMAT: Final = "ganterm-judge-2"
SHIPPED: Final = Path(__file__).with_name("judges")
"""Judges that come with ganterm; `python -m ganterm.evaluation.shipped` makes them."""
_LOOK_SECONDS: Final = 0.5
"""Time between looks at a lock that is held."""


def choose_judge(
    named: str | None, source: ImageSource, *, progress: ProgressCallback = silent
) -> Judge:
    """Return the judge called `named`: a labelled dataset, or a file with weights of Inception.

    None takes the dataset of `source`. The judge learns images of the shape of `source`, which
    are what it is shown.

    Raises what obtaining it raises.
    """
    if named is None or named == source.dataset:
        return obtain_judge(source, progress=progress)
    if DATASETS.facts(source.dataset).spec.is_points:
        name = short(source.dataset)
        raise ConfigError(f"The points of {name} are judged as they are; leave --judge out.")
    path = expanded(named)
    if path.is_file():
        return load_inception(path)
    other = ImageSource(
        dataset=named,
        image_size=source.image_size,
        channels=source.channels,
        fit=source.fit,
    )
    return obtain_judge(other, progress=progress)


def obtain_judge(
    source: ImageSource, *, seed: int = 0, progress: ProgressCallback = silent
) -> Judge:
    """Return the judge of a labelled dataset: the one that comes with ganterm, or else is kept.

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
    path = judge_path(source, seed)
    if (shipped := _read(SHIPPED / path.name, {})) is not None:
        return shipped
    division = split_dataset(source, seed=seed, progress=progress)
    _check(source, division)
    purpose = {
        "format": _FORMAT,
        "source": json.dumps(vars(source)),
        "seed": str(seed),
        "images": crc_of(division.learnt.images),
    }
    known = _read(path, purpose)
    if known is None:
        with _alone(path, progress):
            known = _read(path, purpose)
            if known is None:
                known = trained_judge(source, division, seed=seed, progress=progress)
                keep_judge(path, known, purpose)
    return known


def judge_path(source: ImageSource, seed: int = 0) -> Path:
    """Return where the judge of a dataset is kept, whether or not it is there."""
    name, fit = source.dataset, source.fit
    shape = f"{Size.of(source.image_size)}x{source.channels}"
    if name in DATASETS.names:
        spec = DATASETS.facts(name).spec
        if (spec.size, spec.channels) == (Size.of(source.image_size), source.channels):
            fit = "auto"  # images as they are published need no fitting
    else:
        # Two folders, or files, of one name are two datasets.
        stem = re.sub(r"[^a-zA-Z0-9_-]+", "-", Path(name).name)[:40]
        name = f"{stem}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return data_dir() / "judges" / f"{name}-{shape}-{fit}-{seed}.safetensors"


def _check(source: ImageSource, division: Splits) -> None:
    _labels(source, division.learnt)
    if min(Size.of(source.image_size)) < SMALLEST:
        raise DataError(
            f"A judge takes images of at least {SMALLEST} pixels, not {source.image_size}; name "
            "weights of Inception with `--judge FILE`."
        )


def _labels(source: ImageSource, images: ImageSet) -> torch.Tensor:
    """Return the labels (N,) of images that can be learnt from."""
    if images.labels is None or len(images.classes) < 2:
        raise DataError(
            f"{source.dataset} has no labels to train a judge on; name another judge, such as "
            "`--judge mnist`."
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
    accuracy = float((answers == _labels(source, held_out)).double().mean())
    return replace(judge, accuracy=accuracy)


def keep_judge(path: Path, judge: ClassifierJudge, purpose: dict[str, str]) -> None:
    """Write a judge to `path`, with what it was trained for.

    Raises DataError where it cannot be written.
    """
    facts = {
        **purpose,
        "digest": judge.digest,
        "classes": json.dumps(judge.classes),
        "accuracy": repr(judge.accuracy),
    }
    try:
        kept.keep(path, judge.network.state_dict(), facts, sync=True)
    except OSError as error:
        raise _cannot_keep(path, error) from error


def _cannot_keep(path: Path, error: OSError) -> DataError:
    return DataError(
        f"The judge cannot be kept in {path.parent} ({error.strerror}): make room or set "
        "GANTERM_DATA_DIR to another directory."
    )


def _read(path: Path, purpose: dict[str, str]) -> ClassifierJudge | None:
    """Return the judge kept at `path`; None if it is not there, not whole or of other images."""
    found = kept.read(path)
    if found is None:
        return None
    state, facts = found
    if any(facts.get(name) != value for name, value in purpose.items()):
        return None
    source = json.loads(facts["source"])
    classes = tuple(json.loads(facts["classes"]))
    network = Classifier(
        image_size=source["image_size"], channels=source["channels"], classes=len(classes)
    )
    network.load_state_dict(state)
    network.to(memory_format=torch.channels_last)
    return ClassifierJudge(
        network=network.eval().requires_grad_(False),
        dataset=source["dataset"],
        digest=facts["digest"],
        classes=classes,
        accuracy=float(facts["accuracy"]),
    )
