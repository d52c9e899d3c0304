"""`ganterm app`, and `ganterm` alone: the app on the whole screen."""

from __future__ import annotations

from typing import Annotated

import typer

from ganterm.cli import completion
from ganterm.cli.options import RunsDir


def app(
    run: Annotated[
        str | None,
        typer.Argument(
            help="Name or path of a run to watch; by default the list of all runs.",
            autocompletion=completion.runs,
        ),
    ] = None,
    *,
    runs_dir: RunsDir = None,
    theme: Annotated[
        str | None,
        typer.Option(
            help="Colours: night, day, contrast, colour-blind or mono.",
            autocompletion=completion.themes,
        ),
    ] = None,
    low_bandwidth: Annotated[
        bool,
        typer.Option("--low-bandwidth", help="Repaint once a second at most, for a slow link."),
    ] = False,
    plain: Annotated[
        bool,
        typer.Option(
            "--plain",
            help="Print what changes, and read commands, in plain lines: for screen readers.",
        ),
    ] = False,
) -> None:
    """Open the app: choose, train, watch and steer runs. Leaving it never stops training."""
    from ganterm.tui.open import open_app, theme_called  # noqa: PLC0415 - for the app alone

    if not plain:
        raise typer.Exit(
            open_app(runs_dir=runs_dir, run=run, theme=theme, low_bandwidth=low_bandwidth)
        )
    from ganterm.cli.plain.session import run_plain  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415

    theme_called(theme)
    where = runs_dir or default_runs_dir()
    run_plain(where, None if run is None else resolve_run(run, where))
