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
    from ganterm.tui.open import open_app  # noqa: PLC0415 - textual for the app alone

    raise typer.Exit(
        open_app(runs_dir=runs_dir, run=run, theme=theme, low_bandwidth=low_bandwidth, plain=plain)
    )
