"""The checkpoints of a run, judged."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import torch

from ganterm.components.networks.weights import largest_singular_values
from ganterm.config import RunConfig
from ganterm.core.codec import body_of, judged_record
from ganterm.core.directory import is_run
from ganterm.core.errors import ConfigError, TrainingError
from ganterm.core.files import write_atomically
from ganterm.core.records import JudgedRecord
from ganterm.data.loading import relocated
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation import Known, Scoring
from ganterm.evaluation.cache import choose_judge
from ganterm.evaluation.given import Against, obtain_against, reference_for
from ganterm.evaluation.judge import Judge
from ganterm.evaluation.report import Reference, Verdict, judge_generator, source_of
from ganterm.evaluation.splits import ImageSource
from ganterm.inference.load import load_discriminator, load_generator
from ganterm.render.raster import from_nchw
from ganterm.render.sheet import save_sheet
from ganterm.runs import control
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import LockHeld, WorkerLock

COLUMNS = 4


def judge_checkpoint(
    path: Path,
    scoring: Scoring,
    *,
    judge: str | None = None,
    against: str | None = None,
    dataset: str | None = None,
    known: Known | None = None,
    progress: ProgressCallback = silent,
) -> Verdict:
    """Judge images of the generator in the checkpoint at `path`.

    Averaged weights are taken where there are any, as `ganterm sample` does. `dataset` is where
    the images that it was trained on are now, if not where they were; `against` names others to
    compare with, as for `obtain_against`. `known` keeps the judge for the next checkpoint.

    Raises what loading the generator, the images or the judge raises; DataError for too few
    images, TrainingError for a generator whose images are not finite.
    """
    trained = load_generator(path)
    config = trained.config
    known = {} if known is None else known
    try:
        if against is not None:
            asked = against, judge, scoring.count, config.image_size, config.channels
            if asked not in known:
                known[asked] = obtain_against(
                    against,
                    judge,
                    count=scoring.count,
                    image_size=config.image_size,
                    channels=config.channels,
                    progress=progress,
                )
            beside: Against = known[asked]
            verdict = beside.judged_generator(trained, scoring, progress=progress)
            return _checked(verdict, path, config)
        source = source_of(relocated(config, path, dataset))
        chosen, reference = judge_and_reference(
            judge,
            source,
            count=scoring.count,
            split=config.split,
            holdout=config.holdout,
            known=known,
            progress=progress,
        )
        verdict = judge_generator(trained, chosen, reference, scoring, progress=progress)
        if judge is not None and judge != source.dataset:
            verdict.fields["apart"] = True
        return _checked(verdict, path, config)
    except ValueError as error:
        raise TrainingError(f"{path.name} cannot be judged: {error}.") from None


def judge_and_reference(
    judge: str | None,
    source: ImageSource,
    *,
    count: int,
    split: str,
    holdout: float,
    known: Known,
    progress: ProgressCallback = silent,
) -> tuple[Judge, Reference]:
    """Return the judge called so, and the real images as it sees them, from `known` if they are.

    Raises what obtaining either raises.
    """
    asked = judge, source, count, split, holdout
    if asked not in known:
        chosen = choose_judge(judge, source, progress=progress)
        reference = reference_for(
            chosen, source, count=count, split=split, holdout=holdout, progress=progress
        )
        known[asked] = chosen, reference
    found: tuple[Judge, Reference] = known[asked]
    return found


def _checked(verdict: Verdict, path: Path, config: RunConfig) -> Verdict:
    """Add whether spectral normalisation holds the largest singular values at 1."""
    if config.spectral_norm:
        with contextlib.suppress(ConfigError):  # an export has no discriminator
            values = largest_singular_values(load_discriminator(path))
            told = {name: round(value, 6) for name, value in values.items()}
            verdict.fields["singular_values"] = told
    return verdict


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
