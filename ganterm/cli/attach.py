"""`ganterm attach`: follow a run that is training, or look back on one that ended."""

from __future__ import annotations

import typer

from ganterm.cli.options import AsJson, Quiet, RunOrNewest, RunsDir


def attach(
    run: RunOrNewest = None,
    *,
    runs_dir: RunsDir = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Follow a run with its whole history; q, Ctrl-C or a lost terminal leaves it.

    Leaving never stops training; `ganterm ctl RUN stop` does.
    """
    from ganterm.cli.follow import follow  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415

    found = resolve_run(run, runs_dir or default_runs_dir())
    raise typer.Exit(follow(found, as_json=as_json, quiet=quiet, replay=as_json))
