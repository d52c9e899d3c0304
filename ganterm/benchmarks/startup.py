"""How long commands take to start and answer."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from ganterm.benchmarks.pace import take_turns
from ganterm.benchmarks.result import ResultColumn, ResultTable
from ganterm.benchmarks.suite import BenchSettings
from ganterm.config import resolve
from ganterm.config.runfile import render_run_toml
from ganterm.core.errors import WorkerError
from ganterm.core.files import write_atomically
from ganterm.core.importpath import safe_environment
from ganterm.core.records import EndRecord, MetricsRecord, StartRecord
from ganterm.data import ProgressCallback
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RUNS_DIR_VARIABLE, create_run

TIMES = 10
COMMANDS = ("--version", "--help", "runs", "train --help")
RUNS = 10
RECORDS = 1000
"""Metrics in the journal of each run that `ganterm runs` lists."""

_COLUMNS = (
    ResultColumn("command", "COMMAND"),
    ResultColumn("best_seconds", f"BEST OF {TIMES}", "ms"),
    ResultColumn("median_seconds", "MEDIAN", "ms"),
    ResultColumn("worst_seconds", "WORST", "ms"),
)


def startup(settings: BenchSettings, progress: ProgressCallback) -> ResultTable:
    """Run each command `TIMES` times in turn with the others; raises `WorkerError` if one fails."""
    runs_dir = settings.scratch / "runs"
    for _ in range(RUNS):
        _make_run(runs_dir)
    environment = {**safe_environment(), RUNS_DIR_VARIABLE: str(runs_dir)}
    # The first time fills caches, Python's and the kernel's.
    turns = {command: partial(_time, command.split(), environment) for command in COMMANDS}
    seconds = take_turns(turns, TIMES, what="times", progress=progress)
    return ResultTable(
        title="Start-up",
        method=(
            "From starting the process to its end, output discarded, commands in turn, after one "
            f"time each that is left out; `ganterm runs` lists {RUNS} runs with journals of "
            f"{RECORDS:,} records."
        ),
        columns=_COLUMNS,
        rows=[
            (f"ganterm {command}", min(taken), statistics.median(taken), max(taken))
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
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    taken = time.perf_counter() - began
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise WorkerError(f"startup: `ganterm {' '.join(command)}` failed: {''.join(words)}")
    return taken


def _make_run(runs_dir: Path) -> None:
    """Make a finished run with a journal of ordinary length."""
    config = resolve({"recipe": "dcgan-8x8"}).config
    run = create_run(runs_dir, None, config.recipe)
    write_atomically(run.config_file, render_run_toml(config, {}).encode(), sync=False)
    steps = RECORDS * config.log_every
    values = dict.fromkeys(("d_loss", "g_loss", "d_real", "d_fake", "acc_real", "acc_fake"), 0.5)
    with JournalWriter(run.journal) as journal:
        journal.write(StartRecord(step=0, run=run.name, steps=steps, device="cpu", pid=os.getpid()))
        for step in range(config.log_every, steps + 1, config.log_every):
            journal.write(MetricsRecord(step=step, values={**values, "images_per_s": 1e4}))
        journal.write(EndRecord(step=steps, reason="finished"))
