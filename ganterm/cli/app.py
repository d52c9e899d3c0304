"""The command line put together: every command, one entry, one way to fail."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from inspect import cleandoc
from pkgutil import get_data
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ganterm import __version__
from ganterm.cli.narrate import say
from ganterm.core.errors import ConfigError, ExitCode, GantermError, missing_library
from ganterm.render.text import safe_text

_PANELS = {
    "Train and steer": {
        "app": "face:app",
        "train": "train:train",
        "attach": "attach:attach",
        "resume": "resume:resume",
        "branch": "branch:branch",
        "queue": "queue:app",
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
_RUNNING_CODE = frozenset(
    {
        *("train", "resume", "branch", "sample", "interpolate", "explore", "mix", "project"),
        *("judge", "compare", "export", "ctl"),
    }
)
"""Commands that run the code that a run is made of."""
_PLACES = {
    name: (panel, place) for panel, places in _PANELS.items() for name, place in places.items()
}

_HELP = r'^def {0}\(.*?^    """(?P<function>.*?)"""|^{0} = typer\.Typer\(.*?\bhelp="(?P<group>.*?)"'
"""Where the source of a command has its help."""

_VARIABLES = (
    "Options can be set by variables too, such as GANTERM_RUNS_DIR for --runs-dir; "
    "`ganterm config reference` lists them."
)
_CONTROLS = ("pause", "stop", "checkpoint", "set", "undo", "remedy")
_ELSEWHERE = {
    "runs": ("ls", "list", "ps", "status", "history"),
    "attach": ("logs", "log", "tail", "follow", "watch", "wait", "monitor", "progress"),
    "train": ("run", "start", "fit", "new", "begin"),
    "resume": ("continue", "restart"),
    "branch": ("fork",),
    "ctl RUN stop": ("kill", "end", "cancel", "abort"),
    "delete": ("rm", "remove", "del", "prune"),
    "rename": ("mv", "move"),
    "sample": ("generate", "samples", "draw"),
    "judge": ("eval", "evaluate", "score", "fid", "test"),
    "compare": ("diff",),
    "show": ("view", "open", "cat", "plot"),
    "app": ("tui", "ui", "gui"),
    "data list": ("datasets", "dataset"),
    "data fetch NAME": ("fetch", "download"),
    "config reference": ("settings", "options", "env"),
    "info": ("devices", "doctor", "version"),
}
"""What people type for commands that have another name."""
_HINTS = {word: command for command, words in _ELSEWHERE.items() for word in words} | {
    word: f"ctl RUN {word}" for word in _CONTROLS
}


@cache
def _command(name: str) -> Any:
    """Import a command, as click has it."""
    panel, place = _PLACES[name]
    module, _, what = place.partition(":")
    found = getattr(import_module(f"ganterm.cli.{module}"), what)
    alone = typer.Typer(add_completion=False)
    if name in _RUNNING_CODE:
        from ganterm.cli.options import with_trust  # noqa: PLC0415

        found = with_trust(found)
    if not isinstance(found, typer.Typer):
        # What is too much on the line of `train` it explains itself.
        extra = {"allow_extra_args": name == "train"}
        alone.command(name, rich_help_panel=panel, context_settings=extra)(found)
        return _explained(typer.main.get_command(alone))
    # Beside nothing else, so that click has the group it becomes below a group.
    alone.add_typer(found, name=name, rich_help_panel=panel)
    above: Any = typer.main.get_command(alone)
    return _explained(above.commands[name])


def _listed(name: str) -> Any:
    """Return of a command what a list tells of it; importing all of them takes far longer.

    Its help is found in its source: the docstring of a function, or what a group was given.
    """
    panel, place = _PLACES[name]
    module, _, what = place.partition(":")
    source = (get_data("ganterm.cli", f"{module}.py") or b"").decode()
    told = re.search(_HELP.format(what), source, re.DOTALL | re.MULTILINE)
    alone = typer.Typer(add_completion=False)
    words = cleandoc(told["function"] or told["group"]) if told else None
    alone.command(name, rich_help_panel=panel, help=words)(lambda: None)
    return typer.main.get_command(alone)


def _explained(command: Any) -> Any:
    """Say once on the page of a command, and not at each option, which variables stand for them."""
    for parameter in command.params:
        if hasattr(parameter, "show_envvar"):
            parameter.show_envvar = False
    command.epilog = " ".join(filter(None, (command.epilog, _VARIABLES)))
    return command


class Commands(TyperGroup):
    """The commands, each imported when it is named, so that none waits for the others."""

    _listing = False

    def list_commands(self, _context: Any) -> list[str]:
        """Return the names in the order of the help."""
        return list(_PLACES)

    def get_command(self, _context: Any, name: str) -> Any:
        """Return the command called `name`; None if there is none."""
        if name not in _PLACES:
            return None
        return _listed(name) if self._listing else _command(name)

    def format_help(self, context: Any, formatter: Any) -> None:
        """Write the page that lists the commands."""
        self._listing = True
        try:
            super().format_help(context, formatter)
        finally:
            self._listing = False

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Take in what is typed before the name of a command."""
        with _safe_words():
            return super().make_context(*args, **extra)

    def invoke(self, context: Any) -> Any:
        """Run the command."""
        with _safe_words():
            return super().invoke(context)

    def resolve_command(self, context: Any, args: list[str]) -> Any:
        """Return the command that the first word names; say which is meant where there is none."""
        word = args[0]
        if word not in _PLACES and not word.startswith("-") and not context.resilient_parsing:
            raise ConfigError(_no_command(word))
        return super().resolve_command(context, args)


@contextmanager
def _safe_words() -> Iterator[None]:
    """Have errors of usage quote what was typed, such as names of files, without harm."""
    try:
        yield
    except Exception as error:
        # Of whichever click Typer brings.
        if (words := getattr(error, "format_message", None)) is not None:
            told = safe_text(words(), newline=True)
            error.format_message = lambda: told  # type: ignore[attr-defined]
        raise


def _no_command(word: str) -> str:
    """Say what may be meant by a command that there is not."""
    from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

    from ganterm.recipes import built_in  # noqa: PLC0415

    lower = word.lower()
    near = get_close_matches(lower, _PLACES, n=2)
    if lower in _HINTS:
        hint = f"that is `ganterm {_HINTS[lower]}`."
    elif lower in built_in():
        hint = f"the recipe is trained by `ganterm train --recipe {lower}`."
    elif near:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = "`ganterm --help` lists them."
    return f"There is no command {word!r}; {hint}"


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
        from ganterm.tui.open import open_app  # noqa: PLC0415

        raise typer.Exit(open_app())


def run() -> None:
    """Run the command line; an error for the user becomes one sentence and its exit code."""
    # Typer would turn the interrupt into exit code 1.
    signal.signal(signal.SIGINT, _interrupted)
    try:
        app(prog_name="ganterm")
    except GantermError as error:
        say(f"ganterm: {error}")
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        trouble = missing_library(error)
        if trouble is None:
            raise
        say(f"ganterm: {trouble}")
        sys.exit(trouble.exit_code)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    sys.exit(ExitCode.SIGINT)
