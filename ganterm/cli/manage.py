"""`ganterm rename`, `note` and `delete`: what is done to a whole run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ganterm.cli.console import emit
from ganterm.cli.narrate import say
from ganterm.cli.options import RunName, RunNames, RunsDir
from ganterm.core.errors import ConfigError
from ganterm.render import words
from ganterm.render.text import safe_text
from ganterm.runs import manage
from ganterm.runs.layout import default_runs_dir, resolve_run


def rename(
    run: RunName,
    name: Annotated[str, typer.Argument(help="The name it is to have.")],
    *,
    runs_dir: RunsDir = None,
) -> None:
    """Give a run another name; one that trains is left alone."""
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
    found = resolve_run(run, runs_dir or default_runs_dir())
    if text is not None:
        manage.write_note(found, text)
    elif words := manage.read_note(found):
        emit(words, newline=True)
    else:
        say(f'There is no note on {found.name}; `ganterm note {found.word} "..."` writes one.')


def delete(
    runs: RunNames,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    runs_dir: RunsDir = None,
) -> None:
    """Delete runs with journal, samples and checkpoints; one that trains is left alone."""
    where = runs_dir or default_runs_dir()
    # Each once, however often it was named.
    found = list(dict.fromkeys(resolve_run(run, where) for run in runs))
    sizes = {run: manage.disk_usage(run) for run in found}
    if not yes:
        names = ", ".join(run.name for run in found)
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise ConfigError(f"Deleting {names} cannot be undone; give --yes to do it.")
        asked = f"Delete {safe_text(names)} with {words.size(sum(sizes.values()))}, for good?"
        if not typer.confirm(asked, err=True):
            say("Nothing is deleted.")
            return
    for run in found:
        manage.delete(run)
        say(f"{run.name} is deleted; {words.size(sizes[run])} are free.")
