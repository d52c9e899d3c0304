"""How commands that train begin: what a run takes is looked at, fetched, started and followed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from ganterm.cli.console import emit, emit_json
from ganterm.cli.follow import follow
from ganterm.cli.narrate import ProgressReporter, Waiting, say
from ganterm.client.describe import take_in
from ganterm.client.preflight import inspect
from ganterm.client.queueing import enqueue
from ganterm.runs.launch import start_worker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ganterm.config import RunConfig
    from ganterm.runs.layout import RunDir

OR_IMPORT = "without a network, copy its files here and use `ganterm data import`"


def start_and_follow(
    run: RunDir,
    arguments: list[str],
    *,
    detach: bool,
    as_json: bool,
    quiet: bool,
    queue_for: str = "",
) -> None:
    """Start the worker of `run`, and follow it unless `detach`; exits with the run's exit code.

    Where `queue_for` names a device it is queued instead, to train there.
    """
    if queue_for:
        enqueue(run, queue_for, arguments)
        if as_json:
            emit_json({"run": run.name, "path": str(run.path), "device": queue_for})
        else:
            emit(run.name)
        if not quiet:
            say(f"{run.name} is queued for {queue_for}; `ganterm queue` shows its place.")
        return
    if detach:
        process = start_worker(run, arguments)
        if as_json:
            emit_json({"run": run.name, "path": str(run.path), "pid": process.pid})
        else:
            emit(run.name)
        if not quiet:
            say(f"{run.name} trains by itself; `ganterm attach {run.word}` follows it.")
        return

    start = partial(start_worker, run, arguments)
    raise typer.Exit(follow(run, start, as_json=as_json, quiet=quiet))


def logging_to(targets: Sequence[str] | None) -> list[str]:
    """Return the worker's arguments for tools to log to; raises `ConfigError` as `log_target`."""
    if targets:
        from ganterm.exchange.exporters import log_target  # noqa: PLC0415

        for target in targets:
            log_target(target)
    return [f"--log-to={target}" for target in targets or ()]


def look_ahead(config: RunConfig, runs_dir: Path, *, name: str | None = None) -> str:
    """Find out whether a run can begin, say what it takes where that is much.

    Returns the dataset that has to be fetched first; empty where it is here. Raises as
    `ganterm.client.preflight.inspect` does.
    """
    with ProgressReporter() as progress:
        take_in(config, progress)
    with Waiting("Looking at what the run takes"):
        found = inspect(config, runs_dir, name=name)
    for note in found.notes:
        say(note)
    return found.missing


def fetch_missing(dataset: str) -> None:
    """Fetch a dataset that is not here yet; of an empty name, nothing.

    Raises `DataError` when it cannot be had, the sentence says what to do instead.
    """
    if not dataset:
        return
    from ganterm.data.fetch import fetch_dataset  # noqa: PLC0415

    say(f"{dataset} is not on this machine yet; fetching it.")
    with ProgressReporter() as progress:
        fetch_dataset(dataset, progress=progress)
