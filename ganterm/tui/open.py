"""Opening the app on the terminal that it is started from."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ganterm.errors import ConfigError
from ganterm.render.colour import canvas_of
from ganterm.runs.layout import RunDir, default_runs_dir, resolve_run
from ganterm.tui import themes
from ganterm.tui.pace import Pace


def open_app(
    *,
    runs_dir: Path | None = None,
    run: str | None = None,
    theme: str | None = None,
    low_bandwidth: bool = False,
) -> tuple[int, Sequence[str]]:
    """Show the app until it is left; return the exit code and the names of what still trains.

    Raises:
        ConfigError: there is no terminal, no such run or no such theme.
    """
    where = runs_dir or default_runs_dir()
    chosen = _run_to_watch(run, where)
    theme = themes.DEFAULT if theme is None else theme
    if theme not in themes.BY_NAME:
        raise ConfigError(
            f"There is no theme {theme!r}; the themes are {', '.join(themes.BY_NAME)}."
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise ConfigError(
            "The app needs a terminal for its input and output; here `ganterm runs`, "
            "`ganterm attach` and `ganterm ctl` do the same."
        )
    from ganterm.tui.app import AppOptions, GantermApp  # noqa: PLC0415 - an error comes at once

    app = GantermApp(
        AppOptions(
            runs_dir=where,
            run=chosen,
            theme=theme,
            canvas=canvas_of(sys.stdout),
            pace=Pace.detect(os.environ, low_bandwidth),
        )
    )
    app.run()
    alive = [run.name for run in (app.listed.runs if app.listed else ()) if run.alive]
    return app.return_code or 0, alive


def _run_to_watch(name: str | None, runs_dir: Path) -> RunDir | None:
    return None if name is None else resolve_run(name, runs_dir)
