"""What a record of the journal costs, and how much of the step that is."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from ganterm.bench.pace import step_time
from ganterm.bench.result import Column, Result, Spread, Value
from ganterm.bench.settings import Settings
from ganterm.bench.workload import Workload, loop_of, prepare
from ganterm.data import Progress
from ganterm.runs.journal import JournalWriter
from ganterm.training.build import choose_device
from ganterm.training.events import Metrics

BATCHES = 20
RECORDS = 500
"""Records of one batch; the cost of one is the batch's mean."""
LONG = 1_000_000
"""Records of a journal that has become long."""

_COLUMNS = (
    Column("recipe", "RECIPE"),
    Column("record_seconds", "COST PER RECORD", "us"),
    Column("late_seconds", f"AFTER {LONG:,}", "us"),
    Column("record_bytes", "BYTES PER RECORD", "count"),
    Column("steps_per_record", "STEPS PER RECORD", "number"),
    Column("step_seconds", "STEP", "ms"),
    Column("share", "SHARE OF STEP TIME", "share"),
)


@dataclass(frozen=True)
class RecordCost:
    """What one record takes."""

    seconds: Spread
    bytes: int


def measure(settings: Settings, progress: Progress) -> Result:
    """Time the writing of real metrics, and the steps between two records of each recipe."""
    workloads = [prepare(recipe, settings.device, progress) for recipe in settings.recipes]
    return Result(
        title="Journal",
        method=(
            f"Records of real metrics written as the worker writes them, {BATCHES} times "
            f"{RECORDS:,}, on the disk where runs live; the steps that a record stands for follow "
            "from the recipe's intervals, the records of epochs among them. Steps in float32. The "
            f"second cost is in a journal that has {LONG:,} records already."
        ),
        columns=_COLUMNS,
        rows=[_row(workload, settings, progress) for workload in workloads],
        notes=[f"{workload.name}: {workload.data}." for workload in workloads],
    )


def _row(workload: Workload, settings: Settings, progress: Progress) -> dict[str, Value]:
    config = workload.config
    loop = loop_of(workload, choose_device(settings.device))
    step = step_time(loop, turn=settings.turn, what=f"steps of {workload.name}", progress=progress)
    path, metrics = settings.scratch / "journal.jsonl", loop.latest_metrics()
    cost = time_records(path, metrics)
    late = time_records(path, metrics, before=LONG)
    epoch_steps = loop.trainer.batches.per_epoch / config.d_steps
    records_per_step = 1 / config.log_every + 1 / epoch_steps
    return {
        "recipe": workload.name,
        "record_seconds": cost.seconds,
        "late_seconds": late.seconds,
        "record_bytes": cost.bytes,
        "steps_per_record": 1 / records_per_step,
        "step_seconds": step,
        "share": cost.seconds.scaled(records_per_step / step.median),
    }


def time_records(path: Path, metrics: Metrics, *, before: int = 0) -> RecordCost:
    """Write `metrics` to a journal at `path` over and over, as the worker does.

    It is a new one, which `before` such records are put into first. Raises `OSError` when it cannot
    be written.
    """
    seconds = []
    fields = {"epoch": metrics.epoch, "images_per_s": metrics.images_per_s, **metrics.values}
    with JournalWriter(path) as journal:
        journal.write("metrics", 0, **fields)
    _repeat(path, before)
    size = path.stat().st_size
    with JournalWriter(path) as journal:
        for batch in range(BATCHES):
            began = time.perf_counter()
            for record in range(RECORDS):
                journal.write("metrics", batch * RECORDS + record, **fields)
            seconds.append((time.perf_counter() - began) / RECORDS)
    written = path.stat().st_size - size
    path.unlink()
    return RecordCost(Spread.of(seconds), written // (BATCHES * RECORDS))


def _repeat(path: Path, times: int) -> None:
    """Fill the file with its one record so many times."""
    line = path.read_bytes()
    with path.open("wb") as file:
        for start in range(0, times, RECORDS):
            file.write(line * min(RECORDS, times - start))
        # What the disk has yet to take would slow the records that are timed.
        file.flush()
        os.fsync(file.fileno())
