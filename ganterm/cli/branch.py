"""`ganterm branch`: go on from an earlier checkpoint of a run as a new run."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from typing import Annotated

import typer

from ganterm.cli import completion
from ganterm.cli.options import AsJson, Queued, Quiet, RunName, RunsDir
from ganterm.cli.settings import Settings, parse_settings, with_schema_options
from ganterm.core.errors import ConfigError


@partial(with_schema_options, usual="as it was")
def branch(
    run: RunName,
    *,
    step: Annotated[
        int | None,
        typer.Option(
            "--step",
            min=0,
            help="Step of the checkpoint to go on from.",
            show_default="they are listed",
            autocompletion=completion.steps,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the new run; by default the recipe's and a number.")
    ] = None,
    runs_dir: RunsDir = None,
    settings: Settings = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return at once; training goes on by itself.")
    ] = False,
    queue: Queued = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    typed: dict[str, object],
) -> None:
    """Train on from an earlier checkpoint as a new run, with other settings where they are given.

    The run it comes from is left as it is. Networks and seed stay the same, and so do the images
    unless --dataset names others.
    """
    from ganterm.cli.starting import fetch_missing, look_ahead, start_and_follow  # noqa: PLC0415
    from ganterm.config import branch as branching  # noqa: PLC0415
    from ganterm.config.recorded import recorded_config, refuse_imported  # noqa: PLC0415
    from ganterm.data.catalogue import anchored, require_folder  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415

    where = runs_dir or default_runs_dir()
    source = resolve_run(run, where)
    refuse_imported(source)
    if step is None:
        raise ConfigError(f"From which step? {branching.which_steps(source)}")
    changes = {**parse_settings(settings), **typed}
    given = changes.pop("dataset", None)
    dataset = recorded_config(source).dataset if given is None else anchored(str(given))
    require_folder(dataset)
    made = branching.branch(
        source,
        step,
        where,
        name=name,
        changes=changes,
        dataset=dataset,
        before=lambda config: fetch_missing(look_ahead(config, where, name=name)),
        command=shlex.join(["ganterm", *sys.argv[1:]]),
    )
    device = recorded_config(made).device if queue else ""
    start_and_follow(made, [], detach=detach, as_json=as_json, quiet=quiet, queue_for=device)
