"""`ganterm resume`: train on from a run's newest valid checkpoint."""

from __future__ import annotations

from typing import Annotated

import typer

from ganterm.cli import completion
from ganterm.cli.options import AsJson, LogTo, Moved, Queued, Quiet, RunOrNewest, RunsDir


def resume(
    run: RunOrNewest = None,
    *,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Give the run this new length in steps.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Give the run this new length in epochs.")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="Train on another device: cpu, cuda, cuda:N, mps or auto.",
            autocompletion=completion.devices,
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            help="Run the steps in another mode: eager, graphed or auto.",
            autocompletion=completion.modes,
        ),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Train in another number of processes.")
    ] = None,
    dataset: Moved = None,
    runs_dir: RunsDir = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return at once; training goes on by itself.")
    ] = False,
    log_to: LogTo = None,
    queue: Queued = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train on exactly as if the run had never been interrupted."""
    from ganterm.cli.starting import fetch_missing, logging_to, look_ahead, start_and_follow  # noqa: PLC0415
    from ganterm.client.launching import go_on  # noqa: PLC0415
    from ganterm.config.recorded import recorded_config  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415

    logs = logging_to(log_to)
    found = resolve_run(run, runs_dir or default_runs_dir())
    typed = {"steps": steps, "epochs": epochs, "device": device, "mode": mode, "dataset": dataset}
    typed["processes"] = processes
    given = {key: str(value) for key, value in typed.items() if value is not None}
    arguments = go_on(found, given, lambda config: fetch_missing(look_ahead(config, found.path)))
    on = (given.get("device") or recorded_config(found).device) if queue else ""
    start_and_follow(
        found, [*arguments, *logs], detach=detach, as_json=as_json, quiet=quiet, queue_for=on
    )
