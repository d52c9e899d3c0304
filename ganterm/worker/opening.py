"""What a worker says of its run and of itself when it begins."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

import torch

from ganterm import __version__
from ganterm.config.runfile import to_mapping
from ganterm.runs import checkpoints
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.status import HOST
from ganterm.training.loop import Trainer
from ganterm.worker.job import Job
from ganterm.worker.live import LiveChanges


def write_opening(
    run: RunDir,
    journal: JournalWriter,
    job: Job,
    trainer: Trainer,
    changes: LiveChanges,
    *,
    classes: Sequence[str],
    data_crc32: str,
    pid: int,
    command: Sequence[str],
) -> None:
    """Write the `start` or `resume` record, and of a branch which checkpoint it begins with.

    `classes` are those that the run is conditioned on, by name; `command` is the command line
    that started the worker.
    """
    fields = {
        **_circumstances(trainer),
        "run": run.name,
        "controls": changes.made,
        "pending": list(changes.pending),
        "data_crc32": data_crc32,
        "pid": pid,
        "command": command,
    }
    if job.resumed:
        journal.write(
            "resume",
            trainer.step,
            checkpoint=None if job.checkpoint is None else run.relative(job.checkpoint),
            skipped=[f"{path.name}: {reason}" for path, reason in job.skipped],
            torn_bytes=journal.torn_bytes,
            **fields,
        )
        return
    besides: dict[str, object] = {}
    if job.parent:
        besides["parent"] = job.parent
    if classes:
        besides["classes"] = list(classes)
    journal.write("start", trainer.step, **fields, **besides)
    if job.parent:
        _write_parents_checkpoint(run, journal, trainer.step)


def _write_parents_checkpoint(run: RunDir, journal: JournalWriter, step: int) -> None:
    path = run.checkpoint_path(step)
    journal.write(
        "checkpoint",
        step,
        path=run.relative(path),
        digest=checkpoints.read_header(path).metadata["digest"],
        bytes=path.stat().st_size,
    )


def _circumstances(trainer: Trainer) -> dict[str, Any]:
    """Return the fields that follow from what is trained, and where."""
    return {
        "config": to_mapping(trainer.config),
        "steps": trainer.steps_total,
        "epochs": trainer.config.epochs or None,
        "images": trainer.batches.images.shape[0],
        "device": str(trainer.device),
        "threads": torch.get_num_threads(),
        "mode": trainer.mode,
        "host": HOST,
        "versions": {
            "ganterm": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }
