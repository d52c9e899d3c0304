"""A training run from the command line, timed as whoever typed it waits for it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ganterm.bench.startup import program
from ganterm.config import FIELDS
from ganterm.data import Progress
from ganterm.errors import WorkerError
from ganterm.runs import checkpoints
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import is_held
from ganterm.runs.state import observe
from ganterm.runs.status import read_status

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class WholeRun:
    """A run that came to its end.

    Attributes:
        seconds: from starting `ganterm train` to the end of its process.
        checkpoint: the last one.
    """

    seconds: float
    checkpoint: Path


def train_whole(
    recipe: str, *, seed: int, device: str, run: RunDir, what: str, progress: Progress
) -> WholeRun:
    """Run `ganterm train` on `recipe` in a process of its own, and wait for its end.

    The run is made at `run`. Settings in the environment have no say. Raises `WorkerError` with
    the command's last words when it fails.
    """
    command = [
        *(*program(), "train", "--recipe", recipe, "--seed", str(seed), "--device", device),
        *("--runs-dir", str(run.path.parent), "--name", run.name),
    ]
    variables = {field.variable for field in FIELDS.values()}
    environment = {name: value for name, value in os.environ.items() if name not in variables}
    # To a file, not to a pipe, which a long run would fill.
    said = run.path.with_name(f"{run.name}.log")
    said.parent.mkdir(parents=True, exist_ok=True)
    with said.open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=environment,
        )
        with _ending(process, run):
            while (code := _exit_code(process)) is None:
                if (status := read_status(run.status)) is not None:
                    progress(what, status.step, status.steps, "steps")
            seconds = time.perf_counter() - began
    if code != 0:
        last = said.read_text("utf-8", "replace").strip().splitlines()[-1:]
        words = last[0] if last else f"exit code {code}."
        raise WorkerError(f"`ganterm train --recipe {recipe}` failed: {words}")
    if (view := observe(run)).state != "finished":
        raise WorkerError(f"`ganterm train --recipe {recipe}` was {view.state} before its end.")
    newest, _ = checkpoints.newest_valid(run.checkpoints)
    if newest is None:
        raise WorkerError(f"`ganterm train --recipe {recipe}` left no checkpoint that is whole.")
    return WholeRun(seconds, newest)


def _exit_code(process: subprocess.Popen[bytes]) -> int | None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(POLL_SECONDS)
    return None


@contextlib.contextmanager
def _ending(process: subprocess.Popen[bytes], run: RunDir) -> Iterator[None]:
    """Let neither the command nor its worker, which outlives it, go on after an interruption."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
            status = read_status(run.status)
            if status is not None and run.lock.exists() and is_held(run.lock):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(status.pid, signal.SIGKILL)
