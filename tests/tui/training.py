"""Runs that really train for as long as a test needs them."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

from ganterm.config import resolve
from ganterm.config.runfile import render_run_toml
from ganterm.runs.layout import create_run, find_runs
from ganterm.runs.state import observe
from ganterm.runs.status import read_status
from tests.cli.pty_session import SECONDS
from tests.worker.workers import Zygote

_SETTINGS: dict[str, Any] = {
    "recipe": "dcgan-8x8",
    "epochs": 0,
    "steps": 10**6,
    "log_every": 10,
    "sample_every": "100",
    "sample_grid": 4,
    "checkpoint_every": "100000",
    "keep_checkpoints": 1,
    "device": "cpu",
    "threads": 1,
}


class Training:
    """A context in which a run of the embedded digits trains.

    Attributes:
        run: its directory.
    """

    def __init__(self, zygote: Zygote, runs_dir: Path, **settings: Any) -> None:
        self._zygote = zygote
        config = resolve({**_SETTINGS, **settings}).config
        self.run = create_run(runs_dir, None, "dcgan-8x8")
        self.run.config_file.write_text(render_run_toml(config, {"command": "pytest"}))

    def __enter__(self) -> Training:
        self.process = self._zygote.start(self.run)
        self.come_to(1)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def step(self) -> int:
        """How far it says it is."""
        status = read_status(self.run.status)
        return status.step if status else 0

    def come_to(self, step: int) -> None:
        """Wait until it has made so many steps; fails if it ends before."""
        deadline = time.monotonic() + SECONDS
        while self.step < step:
            assert time.monotonic() < deadline, f"still at step {self.step}"
            assert not self.process.gone, self.process.log()
            time.sleep(0.01)

    def kill(self) -> None:
        """End the worker as `kill -9` does."""
        self.process.kill()


def end_workers(runs_dir: Path) -> None:
    """End the workers of runs that a test left behind."""
    for run in find_runs(runs_dir):
        status = read_status(run.status)
        if status is not None and observe(run).alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(status.pid, signal.SIGKILL)
