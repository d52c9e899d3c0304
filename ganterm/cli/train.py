"""`ganterm train`: begin a run."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ganterm.cli import completion
from ganterm.cli.console import emit, emit_json, table
from ganterm.cli.follow.choose import choose_reporter
from ganterm.cli.follow.follower import Follower
from ganterm.cli.narrate import ProgressReporter, say
from ganterm.cli.options import (
    AsJson,
    ConfigFile,
    Quiet,
    RunsDir,
    Settings,
    parse_settings,
    with_schema_options,
)
from ganterm.cli.waiting import Waiting
from ganterm.client.preflight import inspect
from ganterm.config import Resolved, RunConfig, resolve
from ganterm.config.newrun import new_run
from ganterm.config.runfile import to_mapping
from ganterm.data.catalogue import anchored
from ganterm.data.classes import as_labelled
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import default_runs_dir, resolve_run

if TYPE_CHECKING:
    from pathlib import Path

    from ganterm.runs.layout import RunDir

_OR_IMPORT = "without a network, copy its files here and use `ganterm data import`"


@with_schema_options
def train(
    *,
    name: Annotated[
        str | None, typer.Option(help="Name of the run; by default the recipe's and a number.")
    ] = None,
    runs_dir: RunsDir = None,
    config: ConfigFile = None,
    settings: Settings = None,
    repeat: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            autocompletion=completion.runs,
            help="Take the configuration of RUN, and make its live changes at the same steps.",
        ),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return at once; training goes on by itself.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the configuration and do nothing.")
    ] = False,
    typed: dict[str, object],
) -> None:
    """Train a GAN in a worker process of its own, and follow it.

    Closing the terminal leaves training running: `ganterm attach` follows it again.
    """
    where = runs_dir or default_runs_dir()
    source = resolve_run(repeat, where) if repeat else None
    if source is not None:
        config = config or source.config_file
    resolved = as_labelled(
        resolve({**parse_settings(settings), **typed}, config_file=config, environment=os.environ)
    )
    for note in resolved.notes:
        say(note)
    chosen = msgspec.structs.replace(resolved.config, dataset=anchored(resolved.config.dataset))
    missing = look_ahead(chosen, where, name=name)
    if dry_run:
        _print_plan(resolved, as_json=as_json)
        if missing:
            say(f"{missing} is not on this machine yet and would be fetched: {_OR_IMPORT}.")
        say("Nothing was started: this was a dry run.")
        return
    fetch_missing(missing)
    command = shlex.join(["ganterm", *sys.argv[1:]])
    run = new_run(chosen, where, name=name, command=command)
    arguments = ["--repeat", str(source.path.absolute())] if source else []
    start_and_follow(run, arguments, detach=detach, as_json=as_json, quiet=quiet)


def start_and_follow(
    run: RunDir, arguments: list[str], *, detach: bool, as_json: bool, quiet: bool
) -> None:
    """Start the worker of `run`, and follow it unless `detach`; exits with the run's exit code."""
    if detach:
        process = start_worker(run, arguments)
        if as_json:
            emit_json({"run": run.name, "path": str(run.path), "pid": process.pid})
        else:
            emit(run.name)
        if not quiet:
            say(f"{run.name} trains by itself; `ganterm attach {run.word}` follows it.")
        return

    reporter = choose_reporter(run, as_json=as_json, quiet=quiet)
    raise typer.Exit(Follower(run, reporter, lambda: start_worker(run, arguments)).follow())


def look_ahead(config: RunConfig, runs_dir: Path, *, name: str | None = None) -> str:
    """Find out whether a run can begin, say what it takes where that is much.

    Returns the dataset that has to be fetched first; empty where it is here. Raises as
    `ganterm.client.preflight.inspect` does.
    """
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


def _print_plan(resolved: Resolved, *, as_json: bool) -> None:

    values = to_mapping(resolved.config)
    if as_json:
        emit_json({"config": values, "origin": resolved.origin})
        return
    rows = [(key, "unset" if v is None else v, resolved.origin[key]) for key, v in values.items()]
    for line in table(["SETTING", "VALUE", "FROM"], rows):
        emit(line)
