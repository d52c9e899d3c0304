"""The checkpoints of a run, judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ganterm.components.datasets import DATASETS
from ganterm.core.errors import ConfigError, DataError, TrainingError
from ganterm.core.records import JudgedRecord, body_of, judged_record
from ganterm.core.registry import short
from ganterm.data.loading import relocated
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation.cache import obtain_judge
from ganterm.evaluation.inception import load_inception
from ganterm.evaluation.judge import Judge
from ganterm.evaluation.reference import obtain_reference
from ganterm.evaluation.report import Verdict, judge_generator, source_of
from ganterm.evaluation.splits import LEAST_IMAGES, ImageSource
from ganterm.inference.load import load_generator
from ganterm.render.raster import from_nchw
from ganterm.render.sheet import save_sheet
from ganterm.runs import control
from ganterm.runs.durable import write_atomically
from ganterm.runs.files import expanded
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, is_run
from ganterm.runs.lock import LockHeld, WorkerLock

COLUMNS = 4


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


def judge_checkpoint(
    path: Path,
    *,
    count: int,
    judge: str | None = None,
    scores: Sequence[str] = (),
    seed: int = 0,
    dataset: str | None = None,
    progress: ProgressCallback = silent,
) -> Verdict:
    """Judge `count` images of the generator in the checkpoint at `path`.

    Averaged weights are taken where there are any, as `ganterm sample` does. `scores` are further
    ones, in files of the user's. `dataset` is where the images that it was trained on are now, if
    not where they were.

    Raises what loading the generator, the images or the judge raises; DataError for too few
    images, TrainingError for a generator whose images are not finite.
    """
    trained = load_generator(path)
    source = source_of(relocated(trained.config, path, dataset))
    chosen = choose_judge(judge, source, progress=progress)
    reference = obtain_reference(chosen, source, progress=progress)
    if min(count, len(reference)) < LEAST_IMAGES // 4:
        raise DataError(
            f"{source.dataset} leaves {len(reference)} images to compare with; add more."
        )
    try:
        return judge_generator(
            trained, chosen, reference, count=count, scores=scores, seed=seed, progress=progress
        )
    except ValueError as error:
        raise TrainingError(f"{path.name} cannot be judged: {error}.") from None


def keep_verdict(path: Path, step: int, verdict: Verdict) -> dict[str, Any]:
    """Write the judgement of a run's checkpoint to its run; of other checkpoints nothing is kept.

    Returns the fields of the record. Raises `OSError` when the run cannot be written.
    """
    home = path.absolute().parent.parent
    if not (is_run(home) and path.parent.name == RunDir(home).checkpoints.name):
        return verdict.fields
    run = RunDir(home)
    fields = {**verdict.fields, **save_pictures(run, step, verdict)}
    write_judged(run, judged_record(step, fields))
    return fields


def save_pictures(run: RunDir, step: int, verdict: Verdict) -> dict[str, str]:
    """Draw the best and worst images into the run's samples.

    Returns the fields of the record that name them. Raises `OSError` when they cannot be written.
    """
    fields = {}
    for which, images in (("best", verdict.best), ("worst", verdict.worst)):
        if images is not None and len(images):
            path = run.judged_path(step, which)
            _save(path, images)
            fields[which] = run.relative(path)
    return fields


def _save(path: Path, images: torch.Tensor) -> None:
    rasters = from_nchw(images.contiguous().numpy().tobytes(), images.shape)
    write_atomically(path, lambda temp: save_sheet(rasters, COLUMNS, temp), sync=False)


def write_judged(run: RunDir, record: JudgedRecord) -> bool:
    """Write a judgement down.

    A run that trains has one writer, its worker, which is handed the record as a command and
    writes it soon: False. Otherwise the record is there at once: True.

    Raises:
        OSError: the run cannot be written.
        ConfigError: the worker takes no such command.
    """
    try:
        with WorkerLock(run.lock), JournalWriter(run.journal) as journal:
            journal.write(record)
            journal.sync()
    except LockHeld:
        control.post(run.control, "judged", step=record.step, fields=body_of(record))
        return False
    return True
