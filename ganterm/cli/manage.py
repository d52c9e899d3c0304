"""`ganterm rename`, `note` and `delete`: what is done to a whole run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ganterm.cli.console import emit
from ganterm.cli.narrate import say
from ganterm.cli.options import RunsDir
from ganterm.errors import ConfigError

RunName = Annotated[str, typer.Argument(help="Name or path of a run.")]


def rename(
    run: RunName,
    name: Annotated[str, typer.Argument(help="The name it is to have.")],
    *,
    runs_dir: RunsDir = None,
) -> None:
    """Give a run another name; one that trains is left alone."""
    from ganterm.runs import manage  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415

    found = resolve_run(run, runs_dir or default_runs_dir())
    renamed = manage.rename(found, name)
    say(f"{found.name} is now {renamed.name}.")


def note(
    run: RunName,
    text: Annotated[
        str | None, typer.Argument(help="What to write; an empty text removes the note.")
    ] = None,
    *,
    runs_dir: RunsDir = None,
) -> None:
    """Write a note on a run, or print the one it has."""
    from ganterm.render.text import safe_text  # noqa: PLC0415
    from ganterm.runs import manage  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415

    found = resolve_run(run, runs_dir or default_runs_dir())
    if text is not None:
        manage.write_note(found, text)
    elif words := manage.read_note(found):
        emit(safe_text(words, newline=True))
    else:
        say(f'There is no note on {found.name}; `ganterm note {found.name} "..."` writes one.')


def delete(
    run: RunName,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    runs_dir: RunsDir = None,
) -> None:
    """Delete a run with its journal, samples and checkpoints; one that trains is left alone."""
    from ganterm.render import words  # noqa: PLC0415
    from ganterm.runs import manage  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415

    found = resolve_run(run, runs_dir or default_runs_dir())
    size = words.size(manage.disk_usage(found))
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise ConfigError(f"Deleting {found.name} cannot be undone; give --yes to do it.")
        if not typer.confirm(f"Delete {found.name} with its {size}, for good?", err=True):
            say(f"{found.name} is kept.")
            return
    manage.delete(found)
    say(f"{found.name} is deleted; {size} are free.")
