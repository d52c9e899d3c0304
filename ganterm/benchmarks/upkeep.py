"""What a run takes beside its steps: for its journal, its checkpoints, and in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from ganterm.benchmarks.pace import TrainerLoop, Workload, by_recipe, race
from ganterm.benchmarks.result import ResultColumn, ResultTable, Row, Spread
from ganterm.benchmarks.suite import BenchSettings
from ganterm.config import Cadence, RunConfig, resolve
from ganterm.config.runfile import render_run_toml
from ganterm.core.errors import WorkerError
from ganterm.core.files import write_atomically
from ganterm.core.records import CheckpointRecord, MetricsRecord
from ganterm.data import ProgressCallback
from ganterm.engine.build import choose_device
from ganterm.engine.events import Metrics
from ganterm.runs.journal import JournalWriter, read_journal
from ganterm.runs.launch import log_tail, start_worker
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.state import observe
from ganterm.runs.status import Status, read_status

BATCHES = 20
RECORDS = 500
"""Records of one batch; the cost of one is the batch's mean."""
SAVES = 10
STEPS_BETWEEN = 3
"""Steps between two saves: enough to bring all of the optimisers' state into use."""
POLL_SECONDS = 0.1
SETTLED = 0.1
"""Share of a run after which everything has been done once."""

_COLUMNS = (
    ResultColumn("recipe", "RECIPE"),
    ResultColumn("step_seconds", "STEP", "ms"),
    ResultColumn("record_seconds", "COST PER RECORD", "us"),
    ResultColumn("record_bytes", "BYTES", "count"),
    ResultColumn("record_share", "SHARE OF STEP TIME", "share"),
    ResultColumn("save_seconds", "COST PER SAVE", "ms"),
    ResultColumn("save_bytes", "SIZE", "bytes"),
    ResultColumn("interval", "SAVED EVERY"),
    ResultColumn("save_share", "SHARE OF STEP TIME", "share"),
    ResultColumn("memory", "MEMORY", "bytes"),
)
_GROWTH = (
    ResultColumn("steps", "STEPS", "count"),
    ResultColumn("early", "AFTER A TENTH", "bytes"),
    ResultColumn("late", "AT THE END", "bytes"),
    ResultColumn("growth", "GROWTH", "bytes"),
    ResultColumn("journal", "JOURNAL", "bytes"),
)


@by_recipe(
    "Journal, checkpoints, memory",
    _COLUMNS,
    f"Records of real metrics written as the worker writes them, {BATCHES} times {RECORDS:,}; "
    f"{SAVES} saves as a run's own worker makes and times them: syncing the journal, gathering the "
    "exact state, drawing the preview, digest, writing, syncing, reading back to verify, renaming. "
    "Both on the disk where runs live. The shares are of the float32 steps in the recipe's own "
    "intervals; the records of epochs count too. Memory is the most of that worker's process (on a "
    "GPU: of what PyTorch holds there) that its status tells of.",
)
def upkeep(
    workload: Workload, settings: BenchSettings, progress: ProgressCallback
) -> Iterator[Row]:
    """Time records and saves, and the steps between two of them."""
    config = workload.config
    loop = TrainerLoop(workload, choose_device(settings.device))
    what = f"steps of {workload.name}"
    paces = race({"ganterm": loop.train}, settings.turn, what, progress)["ganterm"]
    step = Spread.of(pace.seconds_per_step for pace in paces)
    while (metrics := loop.metrics) is None:
        loop.train(0)
    record, size = time_records(settings.scratch / "journal.jsonl", metrics)
    epoch_steps = loop.trainer.batches.per_epoch / config.d_steps
    records_per_step = 1 / config.log_every + 1 / epoch_steps
    saves, memory = save_repeatedly(config, settings.scratch, workload.name, progress)
    save = Spread.of(each.seconds or 0.0 for each in saves)
    save_size = max(each.bytes or 0 for each in saves)
    every = Cadence.parse(config.checkpoint_every)
    interval = every.count * (epoch_steps if every.unit == "epochs" else 1)
    yield (
        *(workload.name, step, record, size, record.scaled(records_per_step / step.median)),
        *(save, save_size, config.checkpoint_every if interval else "never"),
        save.scaled(1 / (interval * step.median)) if interval else None,
        memory,
    )


def time_records(path: Path, metrics: Metrics) -> tuple[Spread, int]:
    """Write `metrics` to a journal at `path` over and over; return a record's seconds and bytes.

    The journal goes again. Raises `OSError` when it cannot be written.
    """
    seconds = []
    fields = {"epoch": metrics.epoch, "images_per_s": metrics.images_per_s, **metrics.values}
    with JournalWriter(path) as writer:
        for batch in range(BATCHES):
            began = time.perf_counter()
            for record in range(RECORDS):
                writer.write(MetricsRecord(step=batch * RECORDS + record, values=fields))
            seconds.append((time.perf_counter() - began) / RECORDS)
    written = path.stat().st_size
    path.unlink()
    return Spread.of(seconds), written // (BATCHES * RECORDS)


def save_repeatedly(
    config: RunConfig, scratch: Path, name: str, progress: ProgressCallback
) -> tuple[list[CheckpointRecord], int | None]:
    """Train a run in `scratch` that does little but save.

    Returns its `checkpoint` records, but for that of step 0, when the optimisers have no state,
    and the most bytes it had in memory, if it ran long enough to tell. Raises `WorkerError` when
    the worker fails.
    """
    config = msgspec.structs.replace(
        config,
        steps=SAVES * STEPS_BETWEEN,
        epochs=0,
        checkpoint_every=str(STEPS_BETWEEN),
        sample_every="0",
        keep_checkpoints=1,
    )
    seen: list[Status] = []
    run = train_in_worker(config, scratch, name, progress, seen.append)
    records = read_journal(run.journal)
    saves = [each for each in records if isinstance(each, CheckpointRecord) and each.step > 0]
    return saves, max((each.memory_bytes or 0 for each in seen), default=0) or None


def train_in_worker(
    config: RunConfig,
    runs_dir: Path,
    name: str,
    progress: ProgressCallback,
    watch: Callable[[Status], None] = lambda _: None,
) -> RunDir:
    """Train a run to its end in a worker of its own, as any run is; `watch` sees its status.

    Raises `WorkerError` when the worker fails or is stopped.
    """
    run = create_run(runs_dir, None, name)
    write_atomically(run.config_file, render_run_toml(config, {"command": "bench"}).encode())
    process = start_worker(run)
    try:
        while (code := process.poll()) is None:
            if (status := read_status(run.status)) is not None:
                progress(f"steps of {run.name}", status.step, status.steps, "steps")
                watch(status)
            time.sleep(POLL_SECONDS)
    finally:
        # Its run goes with the scratch directory, so there is nothing to save any more.
        process.kill()
        process.wait()
    if code != 0:
        words = next(iter(log_tail(run, 1)), f"it ended with exit code {code}.")
        raise WorkerError(f"{run.name}: the worker failed: {words}")
    if (view := observe(run)).state != "finished":
        raise WorkerError(f"{run.name}: the worker was {view.state} at step {view.step:,}.")
    return run


def growth(settings: BenchSettings, progress: ProgressCallback) -> ResultTable:
    """Train a small network for `settings.steps` steps; raises `WorkerError` if that fails."""
    config = small_config(settings.steps, settings.device)
    held: dict[int, int] = {}

    def watch(status: Status) -> None:
        if status.state == "running" and status.memory_bytes:
            held[status.step] = status.memory_bytes

    run = train_in_worker(config, settings.scratch, "growth", progress, watch)
    late = held[max(held)] if held else None
    early = next((held[step] for step in sorted(held) if step >= SETTLED * config.steps), late)
    grown = None if early is None or late is None else late - early
    return ResultTable(
        title="Growth of memory",
        method=(
            "A run's own worker on a very small network, with journal, samples and checkpoints: "
            "what of its process is in memory (on a GPU: what PyTorch holds there), as its status "
            "says every second, after a tenth of the steps and at the end."
        ),
        columns=_GROWTH,
        rows=[(config.steps, early, late, grown, run.journal.stat().st_size)],
        notes=["Trained on the embedded digits."],
    )


def small_config(steps: int, device: str) -> RunConfig:
    """Return a run whose steps are as quick as they can be, and that does all that runs do."""
    every = str(max(steps // 20, 1))
    wishes = {"recipe": "mlp", "dataset": "digits", "split": "train", "image_size": 8}
    wishes |= {"batch_size": 16, "width": 0.25, "steps": steps, "device": device}
    wishes |= {"sample_every": every, "checkpoint_every": every, "keep_checkpoints": 2}
    return resolve(wishes).config
