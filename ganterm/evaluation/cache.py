"""Judges kept in the user's data directory, each trained once and known by its digest."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from ganterm.components.datasets import DATASETS
from ganterm.core.errors import DataError
from ganterm.data import data_dir
from ganterm.data.images import ImageSet
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation.classifier import SMALLEST, Classifier, fit_classifier
from ganterm.evaluation.judge import ClassifierJudge, Judge, PointJudge
from ganterm.evaluation.splits import ImageSource, Splits, checksum, split_dataset
from ganterm.runs.durable import write_atomically
from ganterm.runs.files import utf8_path

_FORMAT = "ganterm-judge-1"
_DIGEST_LENGTH = 16


def obtain_judge(
    source: ImageSource, *, seed: int = 0, progress: ProgressCallback = silent
) -> Judge:
    """Return the judge of a labelled dataset: the one kept here, or else one trained now and kept.

    A kept judge that is damaged, or was trained on other images, is trained anew. Points need no
    training.

    Raises DataError for a dataset without labels, or with too few or too small images to learn
    from, and what loading it raises.
    """
    if DATASETS.accepts(source.dataset):
        dataset = DATASETS.resolve(source.dataset)
        if dataset.spec.is_points:
            return PointJudge(dataset)
    division = split_dataset(source, seed=seed, progress=progress)
    _check(source, division)
    path = judge_path(source, seed)
    purpose = {
        "format": _FORMAT,
        "source": json.dumps(vars(source)),
        "seed": str(seed),
        "images": checksum(division.learnt),
    }
    kept = _read(path, purpose)
    if kept is None:
        kept = _train(source, division, seed, progress)
        _keep(path, kept, purpose)
    return kept


def judge_path(source: ImageSource, seed: int = 0) -> Path:
    """Return where the judge of a dataset is kept, whether or not it is there."""
    name = source.dataset
    if name not in DATASETS.names:
        # Two folders, or files, of one name are two datasets.
        stem = re.sub(r"[^a-zA-Z0-9_-]+", "-", Path(name).name)[:40]
        name = f"{stem}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    shape = f"{source.image_size}x{source.image_size}x{source.channels}"
    return data_dir() / "judges" / f"{name}-{shape}-{source.fit}-{seed}.safetensors"


def _check(source: ImageSource, division: Splits) -> None:
    _labels(source, division.learnt)
    if source.image_size < SMALLEST:
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


def _train(
    source: ImageSource, division: Splits, seed: int, progress: ProgressCallback
) -> ClassifierJudge:
    learnt, held_out = division.learnt, division.held_out
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
        digest=_digest(network.state_dict()),
        classes=learnt.classes,
        accuracy=0.0,
    )
    answers = judge.look(held_out.images).probabilities.argmax(dim=1)
    accuracy = float((answers == _labels(source, held_out)).double().mean())
    return ClassifierJudge(**{**vars(judge), "accuracy": accuracy})


def _keep(path: Path, judge: ClassifierJudge, purpose: dict[str, str]) -> None:
    facts = {
        **purpose,
        "digest": judge.digest,
        "classes": json.dumps(judge.classes),
        "accuracy": repr(judge.accuracy),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, save(_plain(judge.network.state_dict()), facts))
    except OSError as error:
        raise DataError(
            f"The judge cannot be kept in {path.parent} ({error.strerror}): make room or set "
            "GANTERM_DATA_DIR to another directory."
        ) from error


def _read(path: Path, purpose: dict[str, str]) -> ClassifierJudge | None:
    """Return the judge kept at `path`; None if it is not there, not whole or of other images."""
    with contextlib.suppress(OSError, SafetensorError, ValueError, KeyError, RuntimeError):
        with utf8_path(path) as named, safe_open(named, framework="pt") as file:
            facts = file.metadata() or {}
        if any(facts[name] != value for name, value in purpose.items()):
            return None
        source = json.loads(facts["source"])
        classes = tuple(json.loads(facts["classes"]))
        state = load(path.read_bytes())
        network = Classifier(
            image_size=source["image_size"], channels=source["channels"], classes=len(classes)
        )
        network.load_state_dict(state)
        network.to(memory_format=torch.channels_last)
        if _digest(state) != facts["digest"]:
            return None
        return ClassifierJudge(
            network=network.eval().requires_grad_(False),
            dataset=source["dataset"],
            digest=facts["digest"],
            classes=classes,
            accuracy=float(facts["accuracy"]),
        )
    return None


def _digest(state: dict[str, torch.Tensor]) -> str:
    return hashlib.sha256(save(_plain(state))).hexdigest()[:_DIGEST_LENGTH]


def _plain(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return tensors as a file has them: in rows, whatever layout they are computed in."""
    return {name: value.detach().contiguous() for name, value in sorted(state.items())}
