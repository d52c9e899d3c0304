"""What saving a checkpoint costs, and how much of the steps between two that is."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ganterm.bench.pace import step_time
from ganterm.bench.result import Column, Result, Spread, Value
from ganterm.bench.settings import Settings
from ganterm.bench.workload import Workload, loop_of, prepare
from ganterm.config import Cadence, RunConfig
from ganterm.config.runfile import render_run_toml
from ganterm.data import Progress
from ganterm.errors import WorkerError
from ganterm.runs.durable import write_atomically
from ganterm.runs.journal import JournalTail
from ganterm.runs.launch import log_tail, start_worker
from ganterm.runs.layout import RunDir, create_run
from ganterm.training.build import choose_device

if TYPE_CHECKING:
    from ganterm.runs.records import Record

SAVES = 10
STEPS_BETWEEN = 3
"""Steps between two saves: enough to bring all of the optimisers' state into use."""
POLL_SECONDS = 0.1

_COLUMNS = (
    Column("recipe", "RECIPE"),
    Column("bytes", "SIZE", "bytes"),
    Column("save_seconds", "COST PER SAVE", "ms"),
    Column("interval", "SAVED EVERY"),
    Column("interval_steps", "IN STEPS", "count"),
    Column("step_seconds", "STEP", "ms"),
    Column("share", "SHARE OF STEP TIME", "share"),
)


def measure(settings: Settings, progress: Progress) -> Result:
    """Let a real worker save, and time the steps of each recipe's interval.

    Raises `WorkerError` when the worker fails.
    """
    workloads = [prepare(recipe, settings.device, progress) for recipe in settings.recipes]
    return Result(
        title="Checkpoints",
        method=(
            f"{SAVES} saves as a run's own worker makes and times them on the disk where runs "
            "live: syncing the journal, gathering the exact state, drawing the preview, digest, "
            "writing, syncing, reading back to verify, renaming. The share is of the float32 "
            "steps in the recipe's checkpoint interval."
        ),
        columns=_COLUMNS,
        rows=[_row(workload, settings, progress) for workload in workloads],
        notes=[f"{workload.name}: {workload.data}." for workload in workloads],
    )


def _row(workload: Workload, settings: Settings, progress: Progress) -> dict[str, Value]:
    saves = save_repeatedly(workload.config, settings.scratch, workload.name, progress)
    loop = loop_of(workload, choose_device(settings.device))
    step = step_time(loop, turn=settings.turn, what=f"steps of {workload.name}", progress=progress)
    cost = Spread.of(record["seconds"] for record in saves)
    steps = interval_steps(workload.config, loop.trainer.batches.per_epoch)
    return {
        "recipe": workload.name,
        "bytes": max(record["bytes"] for record in saves),
        "save_seconds": cost,
        "interval": workload.config.checkpoint_every if steps else "never",
        "interval_steps": steps,
        "step_seconds": step,
        "share": cost.scaled(1 / (steps * step.median)) if steps else None,
    }


def interval_steps(config: RunConfig, batches_per_epoch: int) -> float | None:
    """Return the generator's steps between two checkpoints; `None` for only the last one."""
    cadence = Cadence.parse(config.checkpoint_every)
    if cadence.count == 0:
        return None
    per_unit = 1 if cadence.unit == "steps" else batches_per_epoch / config.d_steps
    return cadence.count * per_unit


def save_repeatedly(
    config: RunConfig, scratch: Path, name: str, progress: Progress
) -> list[Record]:
    """Train a run in `scratch` that does little but save; return its `checkpoint` records.

    The checkpoint of step 0 is left out, because the optimisers have no state then. Raises
    `WorkerError` when the worker fails.
    """
    config = msgspec.structs.replace(
        config,
        steps=SAVES * STEPS_BETWEEN,
        epochs=0,
        checkpoint_every=str(STEPS_BETWEEN),
        sample_every="0",
        keep_checkpoints=1,
    )
    run = create_run(scratch, None, name)
    write_atomically(run.config_file, render_run_toml(config, {"command": "bench"}).encode())
    saves: list[Record] = []
    what = f"saves of {name}"
    progress(what, 0, SAVES, "saves")
    process = start_worker(run)
    try:
        for record in _records(process, run):
            if record["kind"] == "checkpoint" and record["step"] > 0:
                saves.append(record)
                progress(what, len(saves), SAVES, "saves")
    finally:
        # Its run goes with the scratch directory, so there is nothing to save any more.
        process.kill()
        process.wait()
    return saves


def _records(process: subprocess.Popen[bytes], run: RunDir) -> Iterator[Record]:
    """Yield the records of `run` as they come, until its worker is through."""
    tail = JournalTail(run.journal)
    while (code := process.poll()) is None:
        yield from tail.poll()
        time.sleep(POLL_SECONDS)
    yield from tail.poll()
    if code != 0:
        last = log_tail(run, 1)
        words = last[0] if last else f"it ended with exit code {code}."
        raise WorkerError(f"checkpoint: the worker failed: {words}")
