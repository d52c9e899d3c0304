"""The command line put together: every command, one entry, one way to fail."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer

from ganterm import __version__
from ganterm.cli import (
    attach,
    bench,
    branch,
    compare,
    config,
    ctl,
    data,
    explore,
    export,
    face,
    importing,
    info,
    interpolate,
    judge,
    manage,
    mix,
    project,
    recipes,
    resume,
    runs,
    sample,
    show,
    train,
)
from ganterm.cli.narrate import say
from ganterm.errors import ExitCode, GantermError

app = typer.Typer(
    name="ganterm",
    pretty_exceptions_enable=False,
    # Gives options without a variable of their own one such as GANTERM_SAMPLE_SEED.
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "GANTERM"},
    help="Train, watch, steer, judge and explore GANs of small images in the terminal. "
    "Without a command the app opens.",
    epilog="Exit codes: 0 fine, 1 training failed, 2 usage, 3 data, 4 worker died, "
    "129, 130 and 143 signals.",
)

_RUN, _LOOK, _KEEP, _KNOW = "Train and steer", "Look", "Keep", "Know"

app.command("app", rich_help_panel=_RUN)(face.app)
app.command("train", rich_help_panel=_RUN)(train.train)
app.command("attach", rich_help_panel=_RUN)(attach.attach)
app.command("resume", rich_help_panel=_RUN)(resume.resume)
app.command("branch", rich_help_panel=_RUN)(branch.branch)
app.command("ctl", rich_help_panel=_RUN)(ctl.ctl)
app.command("sample", rich_help_panel=_LOOK)(sample.sample)
app.command("interpolate", rich_help_panel=_LOOK)(interpolate.interpolate)
app.command("explore", rich_help_panel=_LOOK)(explore.explore)
app.command("mix", rich_help_panel=_LOOK)(mix.mix)
app.command("project", rich_help_panel=_LOOK)(project.project)
app.command("show", rich_help_panel=_LOOK)(show.show)
app.command("runs", rich_help_panel=_LOOK)(runs.runs)
app.command("judge", rich_help_panel=_LOOK)(judge.judge)
app.command("compare", rich_help_panel=_LOOK)(compare.compare)
app.command("export", rich_help_panel=_KEEP)(export.export)
app.command("import", rich_help_panel=_KEEP)(importing.import_weights)
app.command("rename", rich_help_panel=_KEEP)(manage.rename)
app.command("note", rich_help_panel=_KEEP)(manage.note)
app.command("delete", rich_help_panel=_KEEP)(manage.delete)
app.add_typer(data.app, name="data", rich_help_panel=_KNOW)
app.add_typer(recipes.app, name="recipes", rich_help_panel=_KNOW)
app.add_typer(config.app, name="config", rich_help_panel=_KNOW)
app.command("info", rich_help_panel=_KNOW)(info.info)
app.command("bench", rich_help_panel=_KNOW)(bench.bench)


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
        face.open_the_app(None)


def run() -> None:
    """Run the command line; an error for the user becomes one sentence and its exit code."""
    # Typer would turn the interrupt into exit code 1.
    signal.signal(signal.SIGINT, _interrupted)
    try:
        app()
    except GantermError as error:
        say(f"ganterm: {error}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        _leave_the_pipe()
    except SystemExit as end:
        # Typer makes exit code 1 of a broken pipe, with the standard streams hushed.
        if isinstance(end.__context__, BrokenPipeError):
            _leave_the_pipe()
        # A command that saw it itself has let go of the stream.
        if not end.code and sys.stdout is not None:
            try:
                sys.stdout.flush()
            except BrokenPipeError:
                _leave_the_pipe()
        raise


def _leave_the_pipe() -> NoReturn:
    """End well: the reader went away, as `head` does, so nothing is left to tell, nor to flush."""
    sys.stdout = None
    sys.exit(ExitCode.OK)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    sys.exit(ExitCode.SIGINT)
