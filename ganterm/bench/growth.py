"""Whether a long run's memory grows."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from ganterm.bench.result import Column, Result, Value
from ganterm.bench.settings import Settings
from ganterm.config import RunConfig, resolve
from ganterm.config.runfile import render_run_toml
from ganterm.data import Progress
from ganterm.errors import WorkerError
from ganterm.runs.durable import write_atomically
from ganterm.runs.launch import log_tail, start_worker
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.state import observe
from ganterm.runs.status import read_status

POLL_SECONDS = 0.2
SETTLED = 0.1
"""Share of the run after which everything has been done once."""

_COLUMNS = (
    Column("trained", "TRAINED"),
    Column("steps", "STEPS", "count"),
    Column("early", "AFTER A TENTH", "bytes"),
    Column("late", "AT THE END", "bytes"),
    Column("growth", "GROWTH", "bytes"),
    Column("journal", "JOURNAL", "bytes"),
)


def measure(settings: Settings, progress: Progress) -> Result:
    """Train a small network for `settings.steps` steps; raises `WorkerError` if that fails."""
    config = small_config(settings.steps, settings.device)
    run = create_run(settings.scratch, None, "growth")
    write_atomically(run.config_file, render_run_toml(config, {"command": "bench"}).encode())
    samples = _train(run, config.steps, progress)
    early = next((held for step, held in samples if step >= SETTLED * config.steps), None)
    late = samples[-1][1] if samples else None
    row: dict[str, Value] = {
        "trained": f"{config.recipe}, {config.image_size}x{config.image_size}",
        "steps": config.steps,
        "early": early,
        "late": late,
        "growth": None if early is None or late is None else late - early,
        "journal": run.journal.stat().st_size,
    }
    return Result(
        title="Growth of memory",
        method=(
            "A run's own worker on a very small network, with journal, samples and checkpoints: "
            "what of its process is in memory (on a GPU: what PyTorch holds there), as its status "
            "says every second, after a tenth of the steps and at the end."
        ),
        columns=_COLUMNS,
        rows=[row],
        notes=["Trained on the embedded digits."],
    )


def small_config(steps: int, device: str) -> RunConfig:
    """Return a run whose steps are as quick as they can be, and that does all that runs do."""
    every = str(max(steps // 20, 1))
    wishes = {
        "recipe": "mlp",
        "dataset": "digits",
        "split": "train",
        "image_size": 8,
        "batch_size": 16,
        "width": 0.25,
        "steps": steps,
        "sample_every": every,
        "checkpoint_every": every,
        "keep_checkpoints": 2,
        "device": device,
    }
    return resolve(wishes).config


def _train(run: RunDir, steps: int, progress: Progress) -> Sequence[tuple[int, int]]:
    """Train `run` to its end; return steps with the bytes that were held then, in order."""
    samples: dict[int, int] = {}
    process = start_worker(run)
    try:
        while process.poll() is None:
            status = read_status(run.status)
            if status is not None:
                progress("steps", status.step, steps, "steps")
                if status.memory_bytes is not None and status.state == "running":
                    samples[status.step] = status.memory_bytes
            time.sleep(POLL_SECONDS)
        _check(process, run)
    finally:
        # Its run goes with the scratch directory, so there is nothing to save any more.
        process.kill()
        process.wait()
    return sorted(samples.items())


def _check(process: subprocess.Popen[bytes], run: RunDir) -> None:
    view = observe(run)
    if process.returncode == 0 and view.state != "finished":
        raise WorkerError(f"growth: the worker was {view.state} at step {view.step:,}.")
    if process.returncode != 0:
        last = log_tail(run, 1)
        words = last[0] if last else f"it ended with exit code {process.returncode}."
        raise WorkerError(f"growth: the worker failed: {words}")
