"""`ganterm train`: begin a run."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ganterm.cli import completion
from ganterm.cli.console import emit_json, emit_lines, table
from ganterm.cli.narrate import ProgressReporter, say
from ganterm.cli.options import AsJson, LogTo, Queued, Quiet, RunsDir
from ganterm.cli.settings import ConfigFile, Settings, parse_settings, with_schema_options
from ganterm.config.runfile import to_mapping
from ganterm.core.errors import ConfigError

if TYPE_CHECKING:
    from ganterm.config import Resolved


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
    log_to: LogTo = None,
    queue: Queued = False,
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
    # Here rather than above: --help needs none of it.
    from ganterm.cli import launched, starting  # noqa: PLC0415
    from ganterm.client.describe import take_in  # noqa: PLC0415
    from ganterm.client.launching import begin  # noqa: PLC0415
    from ganterm.data.catalogue import as_labelled  # noqa: PLC0415
    from ganterm.data.look import resolve_for_data  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415

    rank, size = launched.place_among(os.environ)
    if queue and size > 1:
        raise ConfigError("--queue starts every process itself: use --processes, not torchrun.")
    if size > 1:
        launched.agree_to_meet(os.environ)
    if rank:
        launched.become(None, [])
    where = runs_dir or default_runs_dir()
    arguments = starting.logging_to(log_to)
    if size > 1 and launched.starts_again(os.environ, name):
        launched.become(resolve_run(name, where), arguments)
    source = resolve_run(repeat, where) if repeat else None
    if source is not None:
        config = config or source.config_file
    given = {**parse_settings(settings), **typed}
    if size > 1:
        given["processes"] = size
    if source is not None and source.first_weights.exists():
        # They are what a part of a file was found to be, under names of our own.
        given = {"init_from": str(source.first_weights), "init_part": "", **given}
    with ProgressReporter() as tell:
        resolved = as_labelled(
            resolve_for_data(
                given,
                config_file=config,
                environment=os.environ,
                before=lambda config: take_in(config, tell),
            )
        )
    for note in resolved.notes:
        say(note)
    if dry_run:
        missing = starting.look_ahead(resolved.config, where, name=name)
        _print_plan(resolved, as_json=as_json)
        if missing:
            say(f"{missing} is not on this machine yet and would be fetched: {starting.OR_IMPORT}.")
        say("Nothing was started: this was a dry run.")
        return
    run = begin(
        resolved.config,
        where,
        lambda config: starting.fetch_missing(starting.look_ahead(config, where, name=name)),
        name=name,
        command=shlex.join(["ganterm", *sys.argv[1:]]),
    )
    arguments += ["--repeat", str(source.path.absolute())] if source else []
    if size > 1:
        launched.become(run, arguments)
    starting.start_and_follow(
        run,
        arguments,
        detach=detach,
        as_json=as_json,
        quiet=quiet,
        queue_for=resolved.config.device if queue else "",
    )


def _print_plan(resolved: Resolved, *, as_json: bool) -> None:
    values = to_mapping(resolved.config)
    if as_json:
        emit_json({"config": values, "origin": resolved.origin})
        return
    rows = [(key, "unset" if v is None else v, resolved.origin[key]) for key, v in values.items()]
    emit_lines(table(["SETTING", "VALUE", "FROM"], rows))
