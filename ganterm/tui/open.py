"""Opening the app on the terminal that it is started from."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from ganterm.core.errors import ConfigError, ExitCode, GantermError
from ganterm.render.colour import canvas_of, moves_cursor, over_ssh
from ganterm.render.text import safe_text
from ganterm.runs.layout import default_runs_dir, resolve_run
from ganterm.tui import themes
from ganterm.tui.terminal.pace import Pace


def main() -> int:
    """Open the app as it opens by itself; return the exit code, having said what went wrong."""
    try:
        return open_app()
    except GantermError as error:
        _say(f"ganterm: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.SIGINT


def open_app(
    *,
    runs_dir: Path | None = None,
    run: str | None = None,
    theme: str | None = None,
    low_bandwidth: bool = False,
) -> int:
    """Show the app until it is left, and say what trains on; return the exit code.

    Raises:
        ConfigError: there is no terminal, no such run or no such theme.
    """
    where = runs_dir or default_runs_dir()
    chosen = None if run is None else resolve_run(run, where)
    theme = theme_called(theme)
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise ConfigError(
            "The app needs a terminal for its input and output; here `ganterm app --plain`, "
            "`ganterm attach` and `ganterm ctl` do the same."
        )
    if not moves_cursor(sys.stdout):
        term = os.environ.get("TERM")
        raise ConfigError(
            f"The app draws over what the terminal shows, and "
            f"{'TERM is not set' if not term else f'TERM={term} cannot'}; `ganterm app --plain` "
            "works in lines on any terminal."
        )
    from ganterm.tui.app import GantermApp  # noqa: PLC0415 - an error comes at once
    from ganterm.tui.base import AppOptions  # noqa: PLC0415

    app = GantermApp(
        AppOptions(
            runs_dir=where,
            run=chosen,
            theme=theme,
            canvas=canvas_of(sys.stdout),
            pace=Pace.over(ssh=over_ssh(os.environ), low_bandwidth=low_bandwidth),
        )
    )
    app.run()
    alive = [run.name for run in (app.listed.runs if app.listed else ()) if run.alive]
    if alive:
        trains = "trains" if len(alive) == 1 else "train"
        _say(
            f"{', '.join(alive)} {trains} on; `ganterm app {shlex.quote(alive[0])}` shows it again."
        )
    return app.return_code or 0


def theme_called(name: str | None) -> str:
    """Return a theme's name, by default that of the usual one; raises `ConfigError` for none."""
    name = themes.DEFAULT if name is None else name
    if name not in themes.BY_NAME:
        raise ConfigError(
            f"There is no theme {name!r}; the themes are {', '.join(themes.BY_NAME)}."
        )
    return name


def _say(sentence: str) -> None:
    sys.stderr.write(f"{safe_text(sentence)}\n")
