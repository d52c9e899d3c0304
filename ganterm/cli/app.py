"""The command line put together: every command, one entry, one way to fail."""

from __future__ import annotations

import signal
import sys
from functools import cache
from importlib import import_module
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ganterm import __version__
from ganterm.cli.narrate import say
from ganterm.errors import ExitCode, GantermError

_PANELS = {
    "Train and steer": {
        "app": "face:app",
        "train": "train:train",
        "attach": "attach:attach",
        "resume": "resume:resume",
        "branch": "branch:branch",
        "ctl": "ctl:ctl",
    },
    "Look": {
        "sample": "sample:sample",
        "interpolate": "interpolate:interpolate",
        "explore": "explore:explore",
        "mix": "mix:mix",
        "project": "project:project",
        "show": "show:show",
        "runs": "runs:runs",
        "judge": "judge:judge",
        "compare": "compare:compare",
    },
    "Keep": {
        "export": "export:export",
        "import": "importing:import_weights",
        "rename": "manage:rename",
        "note": "manage:note",
        "delete": "manage:delete",
    },
    "Know": {
        "data": "data:app",
        "recipes": "recipes:app",
        "config": "config:app",
        "info": "info:info",
        "bench": "bench:bench",
        "help": "helping:show_help",
    },
}
"""Every command by the panel it is listed in: its module in `ganterm.cli`, and what of it."""
_PLACES = {
    name: (panel, place) for panel, places in _PANELS.items() for name, place in places.items()
}


@cache
def _command(name: str) -> Any:
    """Import a command, as click has it."""
    panel, place = _PLACES[name]
    module, _, what = place.partition(":")
    found = getattr(import_module(f"ganterm.cli.{module}"), what)
    alone = typer.Typer(add_completion=False)
    if not isinstance(found, typer.Typer):
        alone.command(name, rich_help_panel=panel)(found)
        return typer.main.get_command(alone)
    # Beside nothing else, so that click has the group it becomes below a group.
    alone.add_typer(found, name=name, rich_help_panel=panel)
    above: Any = typer.main.get_command(alone)
    return above.commands[name]


class Commands(TyperGroup):
    """The commands, each imported when it is named, so that none waits for the others."""

    def list_commands(self, _context: Any) -> list[str]:
        """Return the names in the order of the help."""
        return list(_PLACES)

    def get_command(self, _context: Any, name: str) -> Any:
        """Return the command called `name`; None if there is none."""
        return _command(name) if name in _PLACES else None


app = typer.Typer(
    name="ganterm",
    cls=Commands,
    pretty_exceptions_enable=False,
    # Gives options without a variable of their own one such as GANTERM_SAMPLE_SEED.
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "GANTERM"},
    help="Train, watch, steer, judge and explore GANs of small images in the terminal. "
    "Without a command the app opens.",
    epilog="Exit codes: 0 fine, 1 training failed, 2 usage, 3 data, 4 worker died, "
    "129, 130 and 143 signals.",
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"ganterm {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            allow_from_autoenv=False,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    """Train, watch, steer, judge and explore GANs of small images in the terminal.

    Without a command the app opens.
    """
    if context.invoked_subcommand is None:
        from ganterm.cli.face import open_the_app  # noqa: PLC0415

        open_the_app(None)


def run() -> None:
    """Run the command line; an error for the user becomes one sentence and its exit code."""
    # Typer would turn the interrupt into exit code 1.
    signal.signal(signal.SIGINT, _interrupted)
    try:
        app(prog_name="ganterm")
    except GantermError as error:
        say(f"ganterm: {error}")
        sys.exit(error.exit_code)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    sys.exit(ExitCode.SIGINT)
