"""What a worker is to do: begin a run, take it up again, or repeat another one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ganterm.config import RunConfig, check
from ganterm.config.runfile import read_run_toml
from ganterm.errors import ConfigError, TrainingError
from ganterm.runs import checkpoints
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir
from ganterm.runs.steering import steering
from ganterm.worker.checkpoint import read_meta


@dataclass(frozen=True)
class Job:
    """Where a worker starts from.

    Attributes:
        config: the configuration to train under.
        checkpoint: the verified checkpoint to go on from; `None` starts at step 0.
        resumed: whether the run has a history.
        controls: live changes that the checkpoint has seen.
        pending: live changes to make again, in order: `{"id", "step", "args"}`.
        skipped: newer checkpoints that are damaged, each with the reason.
    """

    config: RunConfig
    checkpoint: Path | None = None
    resumed: bool = False
    controls: int = 0
    pending: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)


def prepare(
    run: RunDir, *, repeat: Path | None = None, steps: int | None = None, epochs: int | None = None
) -> Job:
    """Find out what to do with `run` from what its directory holds.

    `repeat` is the directory of a run whose live changes are made again at their steps; `steps`
    or `epochs` give the run a new length.

    Raises:
        ConfigError: the configuration cannot be read, or the run has reached its length.
        TrainingError: the run has a history, but none of its checkpoints is whole.
    """
    records = read_journal(run.journal)
    if not any(record["kind"] in {"start", "resume"} for record in records):
        config = _with_length(read_run_toml(run.config_file), steps, epochs)
        pending = steering(read_journal(RunDir(repeat).journal)).after(0) if repeat else []
        return Job(config, pending=pending)
    newest, damaged = checkpoints.newest_valid(run.checkpoints)
    if newest is None and damaged:
        raise TrainingError(
            f"No checkpoint of {run.name} is whole (the newest: {damaged[0][1]}); start anew with "
            f"`ganterm train --config {run.config_file}`."
        )
    job = Job(read_run_toml(run.config_file), newest, resumed=True, skipped=damaged)
    if newest is not None:
        job = _from_checkpoint(job, newest)
    job = dataclasses.replace(
        job,
        config=_with_length(job.config, steps, epochs),
        pending=steering(records).after(job.controls),
    )
    ended = bool(records) and records[-1]["kind"] == "end" and records[-1]["reason"] == "finished"
    if ended and not steps and not epochs:
        raise ConfigError(
            f"{run.name} has reached its length of {_length(job.config)}; train on with "
            f"`ganterm resume {run.name} --steps N` (or --epochs N)."
        )
    return job


def _from_checkpoint(job: Job, path: Path) -> Job:
    meta = read_meta(path)
    return dataclasses.replace(job, config=meta.config, controls=meta.controls)


def _with_length(config: RunConfig, steps: int | None, epochs: int | None) -> RunConfig:
    if not steps and not epochs:
        return config
    changed = msgspec.structs.replace(config, steps=steps or 0, epochs=epochs or 0)
    check(changed)
    return changed


def _length(config: RunConfig) -> str:
    return f"{config.steps} steps" if config.steps else f"{config.epochs} epochs"
