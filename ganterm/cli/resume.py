"""`ganterm resume`: train on from a run's newest valid checkpoint."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from ganterm.cli import completion
from ganterm.cli.options import AsJson, Moved, Quiet, RunOrNewest, RunsDir
from ganterm.core.errors import ConfigError


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
    dataset: Moved = None,
    runs_dir: RunsDir = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return at once; training goes on by itself.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train on exactly as if the run had never been interrupted."""
    from ganterm.cli.starting import fetch_missing, look_ahead, start_and_follow  # noqa: PLC0415
    from ganterm.config import parse_value  # noqa: PLC0415
    from ganterm.config.recorded import recorded_config, refuse_imported  # noqa: PLC0415
    from ganterm.data.catalogue import anchored, require_folder  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415

    if steps and epochs:
        raise ConfigError("--steps and --epochs both say how long to train; give one of them.")
    found = resolve_run(run, runs_dir or default_runs_dir())
    refuse_imported(found)
    changed = {"device": device, "mode": mode}
    given = {key: parse_value(key, text) for key, text in changed.items() if text is not None}
    if dataset is not None:
        given["dataset"] = anchored(dataset)
    config = msgspec.structs.replace(recorded_config(found), **given)
    require_folder(config.dataset)
    fetch_missing(look_ahead(config, found.path))
    arguments = [f"--steps={steps}"] if steps else [f"--epochs={epochs}"] if epochs else []
    arguments += [f"--{key}={value}" for key, value in given.items()]
    start_and_follow(found, arguments, detach=detach, as_json=as_json, quiet=quiet)
