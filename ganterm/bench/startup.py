"""How long commands take to start and answer."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ganterm.bench.result import Column, Result
from ganterm.bench.settings import Settings
from ganterm.config import RunConfig, resolve
from ganterm.config.runfile import render_run_toml, to_mapping
from ganterm.data import Progress
from ganterm.errors import WorkerError
from ganterm.runs.durable import write_atomically
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RUNS_DIR_VARIABLE, create_run

TIMES = 10
COMMANDS: Sequence[tuple[str, ...]] = (
    ("--version",),
    ("--help",),
    ("runs",),
    ("train", "--help"),
)
RUNS = 10
RECORDS = 1000
"""Metrics in the journal of each run that `ganterm runs` lists."""

_COLUMNS = (
    Column("command", "COMMAND"),
    Column("best_seconds", f"BEST OF {TIMES}", "ms"),
    Column("median_seconds", "MEDIAN", "ms"),
    Column("worst_seconds", "WORST", "ms"),
)


def measure(settings: Settings, progress: Progress) -> Result:
    """Run each command `TIMES` times in turn with the others; raises `WorkerError` if one fails."""
    runs_dir = settings.scratch / "runs"
    for _ in range(RUNS):
        _make_run(runs_dir)
    environment = {**os.environ, RUNS_DIR_VARIABLE: str(runs_dir)}
    seconds: dict[tuple[str, ...], list[float]] = {command: [] for command in COMMANDS}
    total = (TIMES + 1) * len(COMMANDS)
    for done in range(total):
        progress("times", done, total, "commands")
        command = COMMANDS[done % len(COMMANDS)]
        taken = _time(command, environment)
        # The first time fills caches, Python's and the kernel's.
        if done >= len(COMMANDS):
            seconds[command].append(taken)
    progress("times", total, total, "commands")
    return Result(
        title="Start-up",
        method=(
            "From starting the process to its end, output discarded, commands in turn, after one "
            f"time each that is left out; `ganterm runs` lists {RUNS} runs with journals of "
            f"{RECORDS:,} records."
        ),
        columns=_COLUMNS,
        rows=[
            {
                "command": " ".join(("ganterm", *command)),
                "best_seconds": min(taken),
                "median_seconds": statistics.median(taken),
                "worst_seconds": max(taken),
            }
            for command, taken in seconds.items()
        ],
    )


def program() -> list[str]:
    """Return the command that starts ganterm: its script beside Python, else the module."""
    script = Path(sys.executable).with_name("ganterm")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "ganterm"]


def _time(command: Sequence[str], environment: Mapping[str, str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [*program(), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        check=False,
    )
    taken = time.perf_counter() - began
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        words = last[0] if last else f"exit code {done.returncode}."
        raise WorkerError(f"startup: `ganterm {' '.join(command)}` failed: {words}")
    return taken


def _make_run(runs_dir: Path) -> None:
    """Make a finished run with a journal of ordinary length."""
    config: RunConfig = resolve({"recipe": "dcgan-8x8"}).config
    run = create_run(runs_dir, None, config.recipe)
    write_atomically(run.config_file, render_run_toml(config, {}).encode(), sync=False)
    steps = RECORDS * config.log_every
    with JournalWriter(run.journal) as journal:
        journal.write(
            "start",
            0,
            run=run.name,
            config=to_mapping(config),
            steps=steps,
            epochs=None,
            device="cpu",
            host="",
            pid=os.getpid(),
            versions={},
            command=["ganterm", "train"],
        )
        for step in range(config.log_every, steps + 1, config.log_every):
            values = dict.fromkeys(("d_loss", "g_loss"), 0.7)
            values |= dict.fromkeys(("d_real", "d_fake", "acc_real", "acc_fake"), 0.5)
            journal.write("metrics", step, epoch=0, images_per_s=1e4, **values)
        journal.write("end", steps, reason="finished", message="", exit_code=0)
