"""What can be typed to begin runs and to tidy them up, which completes the table of commands."""

from __future__ import annotations

import os
import shlex
from functools import partial
from typing import TYPE_CHECKING

from ganterm import recipes
from ganterm.cli.plain import words
from ganterm.cli.plain.commands import COMMANDS, command, refuse_a_second
from ganterm.client import launching, queueing
from ganterm.client.describe import take_in
from ganterm.client.tasks import Fetch
from ganterm.config.branch import branch as make_branch
from ganterm.config.recorded import recorded_config
from ganterm.core.errors import ConfigError
from ganterm.data.catalogue import as_labelled, dataset_facts
from ganterm.data.look import resolve_for_data
from ganterm.runs import manage
from ganterm.runs.layout import resolve_run

if TYPE_CHECKING:
    from ganterm.cli.plain.session import PlainSession

__all__ = ["COMMANDS"]


@command("recipes", "list what can be started")
def _recipes(session: PlainSession, _rest: str) -> None:
    known = recipes.survey().recipes
    session.say(*(f"{recipe.name}: {recipe.purpose or recipe.title}" for recipe in known))


@command("start RECIPE [queued] [name=NAME] [KEY=VALUE ...]", "begin or queue a run; watch it")
def _start(session: PlainSession, rest: str) -> None:
    others, given = launching.typed_words(rest)
    queued = others[1:] == ["queued"]
    if len(others) != 1 + queued:
        raise ConfigError("start takes a recipe and KEY=VALUE, such as start dcgan steps=2000.")
    name = given.pop("name", None)
    resolved = as_labelled(
        resolve_for_data({"recipe": others[0], **given}, environment=os.environ, before=take_in)
    )
    session.say(*resolved.notes)
    look = partial(session.look_ahead, name=name)
    command = _command_line("train", f"--recipe={others[0]}", name, given)
    run = launching.begin(resolved.config, session.runs_dir, look, name=name, command=command)
    if queued:
        queueing.enqueue(run, resolved.config.device)
        session.watch(run)
    else:
        session.start_worker(run)


@command("queue [NAME | drop NAME | move NAME PLACE]", "say what is queued, or queue a run")
def _queue(session: PlainSession, rest: str) -> None:
    others, _ = launching.typed_words(rest)
    match others:
        case []:
            lines = [words.queued(run) for run in queueing.listing(session.runs_dir)]
            session.say(*(lines or ["No run is queued."]))
        case ["drop", name]:
            queueing.drop(resolve_run(name, session.runs_dir))
            session.say(f"{name} is out of the queue.")
        case ["move", name, place]:
            run = resolve_run(name, session.runs_dir)
            queueing.move(run, queueing.parse_place(place))
            session.say(f"{name} has another place.")
        case [name]:
            run = resolve_run(name, session.runs_dir)
            arguments = launching.go_on(run, {}, partial(session.look_ahead, where=run.path))
            queueing.enqueue(run, recorded_config(run).device, arguments)
            session.say(f"{name} is queued.")
        case _:
            raise ConfigError("queue takes NAME, drop NAME or move NAME PLACE, or nothing.")


@command("fetch DATASET", "download a dataset")
def _fetch(session: PlainSession, rest: str) -> None:
    refuse_a_second(session)
    session.task = Fetch(dataset_facts(rest).name)


@command("branch STEP [name=NAME] [KEY=VALUE ...]", "go on from an earlier checkpoint as a new run")
def _branch(session: PlainSession, rest: str) -> None:
    others, given = launching.typed_words(rest)
    digits = others[0].replace(",", "") if len(others) == 1 else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise ConfigError("branch takes a step and KEY=VALUE, such as branch 2000 lr_g=1e-4.")
    source, step = session.watched.run, int(digits)
    name = given.pop("name", None)
    made = make_branch(
        source,
        step,
        session.runs_dir,
        name=name,
        changes=given,
        command=_command_line(f"branch {shlex.quote(source.name)}", f"--step={step}", name, given),
        before=partial(session.look_ahead, name=name),
    )
    session.start_worker(made)


def _command_line(verb: str, first: str, name: str | None, given: dict[str, str]) -> str:
    """Return the command line that does the same."""
    options = [first, *([f"--name={name}"] if name else [])]
    options += [f"--set={key}={value}" for key, value in given.items()]
    return f"ganterm {verb} {shlex.join(options)}"


@command("rename NAME", "give the run another name")
def _rename(session: PlainSession, rest: str) -> None:
    renamed = manage.rename(session.watched.run, rest)
    session.say(f"It is now {renamed.name}.")
    session.watch(renamed)


@command("note [TEXT]", "show the note on the run, or write one; note - removes it")
def _note(session: PlainSession, rest: str) -> None:
    run = session.watched.run
    if rest:
        manage.write_note(run, "" if rest == "-" else rest)
    told = "The note is removed." if rest == "-" else "Noted."
    session.say(told if rest else manage.read_note(run) or f"There is no note on {run.name}.")


@command("delete NAME yes", "delete a run for good")
def _delete(session: PlainSession, rest: str) -> None:
    name, _, sure = rest.partition(" ")
    if not name:
        raise ConfigError("delete takes the name of a run, and yes.")
    run = resolve_run(name, session.runs_dir)
    if sure.strip() != "yes":
        raise ConfigError(f"{run.name} would be gone for good; delete {run.name} yes does it.")
    manage.delete(run)
    if session.feed is not None and session.feed.run == run:
        session.watch(None)
    session.say(f"{run.name} is deleted.")


@command("quit", "leave; what trains goes on training")
def _quit(session: PlainSession, _rest: str) -> None:
    session.left = True
