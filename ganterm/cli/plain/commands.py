"""What can be typed: what each command tells, or has done through the client's actions."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from ganterm import recipes
from ganterm.cli.plain import words
from ganterm.client import launching, previews, queueing
from ganterm.client.comparison import JudgedRuns, standing
from ganterm.client.describe import take_in
from ganterm.client.feed import RunFeed, offers_of
from ganterm.client.overview import RunList
from ganterm.client.pending import live_value
from ganterm.client.tasks import Fetch, Judging, judge_options
from ganterm.config.branch import branch as make_branch
from ganterm.config.branch import checkpoint_steps
from ganterm.config.draft import to_text
from ganterm.config.ownloop import fields_of
from ganterm.config.recorded import recorded_config
from ganterm.config.runfile import to_mapping
from ganterm.core.errors import ConfigError, DataError, WorkerError
from ganterm.data.catalogue import as_labelled, dataset_facts
from ganterm.data.look import resolve_for_data
from ganterm.doctor.applicable import chosen
from ganterm.render.sheet import load_sheet
from ganterm.runs import manage
from ganterm.runs.layout import resolve_run

if TYPE_CHECKING:
    from ganterm.cli.plain.session import PlainSession

MOST_SECONDS: Final = 86400.0
"""The longest time that can be asked for."""

_Act = Callable[["PlainSession", str], None]


@dataclass(frozen=True)
class PlainCommand:
    """A command: what it does to a session with the rest of its line.

    Attributes:
        usage: how it is typed.
        help: what it does, in a phrase.
        act: does it; raises a `GantermError` whose sentence is told.
    """

    usage: str
    help: str
    act: _Act


COMMANDS: Final[dict[str, PlainCommand]] = {}
"""Every command by its name, as `help` lists them."""


def _command(usage: str, told: str) -> Callable[[_Act], _Act]:
    def add(act: _Act) -> _Act:
        COMMANDS[usage.split(maxsplit=1)[0]] = PlainCommand(usage, told, act)
        return act

    return add


# What tells something


@_command("help [COMMAND]", "say what can be typed")
def _help(session: PlainSession, rest: str) -> None:
    if rest and rest not in COMMANDS:
        raise ConfigError(f"{rest} is no command; help lists them.")
    wanted = [COMMANDS[rest]] if rest else COMMANDS.values()
    session.say(*(f"{command.usage}: {command.help}." for command in wanted))


@_command("runs [WORDS]", "list the runs, or those whose line holds the words")
def _runs(session: PlainSession, rest: str) -> None:
    listing = RunList(session.runs_dir)
    lines = [words.listed(run) for run in listing.poll()]
    if listing.trouble:
        raise ConfigError(listing.trouble)
    if not lines:
        session.say(f"There are no runs in {session.runs_dir}; start RECIPE makes one.")
        return
    wanted = rest.casefold().split()
    found = [line for line in lines if all(word in line.casefold() for word in wanted)]
    session.say(f"{len(found)} of {len(lines)} runs in {session.runs_dir}:", *found)


@_command("watch [NAME]", "tell what a run does; without a name, what none does")
def _watch(session: PlainSession, rest: str) -> None:
    session.watch(resolve_run(rest, session.runs_dir) if rest else None)
    if not rest:
        session.say("No run is watched.")


@_command("status", "say how the run stands")
def _status(session: PlainSession, _rest: str) -> None:
    session.say(*words.status(session.watched))


@_command("losses", "say what was measured, and where it goes")
def _losses(session: PlainSession, _rest: str) -> None:
    session.say(*(list(words.losses(session.watched)) or ["Nothing was measured yet."]))


@_command("describe", "say in words what the newest samples look like")
def _describe(session: PlainSession, _rest: str) -> None:
    feed = session.watched
    if not feed.samples:
        raise ConfigError("No samples were drawn yet; sample asks for some.")
    *_, newest = feed.samples
    sheet = load_sheet(newest.path)
    try:
        real = previews.measured(load_sheet(feed.run.real_samples))
    except DataError:
        real = None
    session.say(f"Samples of step {newest.step:,}, in {newest.path}.")
    session.say(*previews.described(previews.measured(sheet), real))
    for before in feed.samples[-2:-1]:
        try:
            way = previews.mean_change(load_sheet(before.path), sheet)
        except DataError:
            way = None
        if way is not None:
            session.say(f"Since step {before.step:,} a pixel changed by {100 * way:.1f} percent.")


@_command(
    "judge [now [step=N] [n=N] [judge=DATASET]]", "say how good the run is, or have it judged"
)
def _judge(session: PlainSession, rest: str) -> None:
    feed = session.watched
    word, _, options = rest.partition(" ")
    if word == "now":
        _refuse_a_second(session)
        if not feed.checkpoints:
            raise ConfigError(f"{feed.run.name} has no checkpoint yet that could be judged.")
        session.task = Judging(feed.run, judge_options(options))
    elif rest:
        raise ConfigError("judge takes nothing after it, or now, such as judge now n=2000.")
    elif feed.judged:
        session.say(*words.scores(feed.judged))
    else:
        session.say(f"{feed.run.name} has not been judged; judge now has it judged.")


@_command("compare [NAME ...]", "say how judged runs stand beside one another")
def _compare(session: PlainSession, rest: str) -> None:
    if rest:
        runs = [standing(resolve_run(name, session.runs_dir)) for name in rest.split()]
    else:
        judged, listing = JudgedRuns(), RunList(session.runs_dir)
        runs = [each for run in listing.poll() if (each := judged.read(run.run)) is not None]
    session.say(*(list(words.compared(runs)) or ["No run has been judged yet."]))


@_command("settings [live]", "say the settings in force")
def _settings(session: PlainSession, rest: str) -> None:
    config = session.watched.config
    if rest not in {"", "live"}:
        raise ConfigError("settings takes nothing after it, or live for what can be changed.")
    known = fields_of(config)
    for key, value in config.items():
        live = key in known and known[key].live
        if live or not rest:
            session.say(f"{key}: {to_text(value)}" + (", can be set" if live and not rest else ""))


@_command("checkpoints", "say which steps can be gone back to")
def _checkpoints(session: PlainSession, _rest: str) -> None:
    steps = checkpoint_steps(session.watched.run)
    told = f"Checkpoints of step {', '.join(f'{step:,}' for step in steps)}."
    session.say(told if steps else "There is no checkpoint yet.")


@_command("log", "print the last lines of the worker")
def _log(session: PlainSession, _rest: str) -> None:
    session.say(*(session.watched.log or ["The worker printed nothing."]))


@_command("every SECONDS", "how often to tell the progress; 0 is not at all")
def _every(session: PlainSession, rest: str) -> None:
    session.tell_every = _seconds("every", rest)
    session.tell_later()


@_command("wait [SECONDS]", "obey nothing more before the run ends; for scripts")
def _wait(session: PlainSession, rest: str) -> None:
    _ = session.watched  # There must be one.
    until = session.clock() + (_seconds("wait", rest) if rest else float("inf"))
    session.held_until = lambda: session.watched.view.alive is False or session.clock() >= until


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MOST_SECONDS:
        raise ConfigError(
            f"{name} takes a number of seconds from 0 to {MOST_SECONDS:.0f}, such as {name} 30."
        )
    return seconds


# What steers the run that is watched


def _steer(name: str, session: PlainSession, rest: str) -> None:
    if rest:
        raise ConfigError(f"{name} takes nothing after it.")
    _steerable(session)
    session.order(name)


def _steerable(session: PlainSession) -> RunFeed:
    feed = session.watched
    if feed.view.alive is False:
        raise WorkerError(f"{feed.run.name} is not training; resume trains it on.")
    return feed


_command("pause", "pause the training")(partial(_steer, "pause"))


@_command("resume [steps=N]", "go on after a pause; train a run on that has ended")
def _resume(session: PlainSession, rest: str) -> None:
    feed = session.watched
    if session.pending.will_pause(feed.paused):
        session.order("resume")
        return
    if feed.view.alive is not False:
        raise WorkerError(
            f"{feed.run.name} is training, or it cannot be told from here whether it is."
        )
    others, given = launching.typed_words(rest)
    if others or not given.keys() <= {"steps", "epochs", "device"}:
        raise ConfigError("resume takes steps=N, epochs=N or device=NAME, and nothing else.")
    look = partial(session.look_ahead, where=feed.run.path)
    session.start_worker(feed.run, launching.go_on(feed.run, given, look))


_command("stop", "write a checkpoint and stop")(partial(_steer, "stop"))
_command("checkpoint", "write a checkpoint now")(partial(_steer, "checkpoint"))
_command("sample", "draw the samples now")(partial(_steer, "sample"))


@_command("set KEY=VALUE", "change a setting while it trains")
def _set(session: PlainSession, rest: str) -> None:
    name, equals, text = rest.partition("=")
    if not equals:
        raise ConfigError("set takes KEY=VALUE, such as set lr_g=1e-4.")
    config = session.feed.config if session.feed else {}
    key, value = live_value(name, text, config, which="settings live")
    _steerable(session)
    session.order("set", key=key, value=value)


@_command("remedy [ID]", "say what is wrong and what can be done, or do it")
def _remedy(session: PlainSession, rest: str) -> None:
    feed = session.watched
    if not rest:
        session.say(*(list(words.troubles(feed)) or ["The doctor finds no trouble."]))
        return
    offer = chosen(offers_of(feed), rest, feed.run.name)
    if offer.live:
        for key, value in offer.remedy.settings.items():
            session.order("set", key=key, value=value)
        return
    session.start_worker(offer.begin(feed.run, session.runs_dir, session.look_ahead))


@_command("undo", "take the last change of a setting back")
def _undo(session: PlainSession, _rest: str) -> None:
    feed = _steerable(session)
    # Before the worker has said under what it trains, the run's file does.
    config = feed.config or to_mapping(recorded_config(feed.run))
    found = session.pending.to_undo(feed.changes, config)
    session.order("set", key=found.key, value=found.before)


# What begins runs and tidies them up


@_command("recipes", "list what can be started")
def _recipes(session: PlainSession, _rest: str) -> None:
    known = recipes.survey().recipes
    session.say(*(f"{recipe.name}: {recipe.purpose or recipe.title}" for recipe in known))


@_command("start RECIPE [queued] [name=NAME] [KEY=VALUE ...]", "begin or queue a run; watch it")
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


@_command("queue [NAME | drop NAME | move NAME PLACE]", "say what is queued, or queue a run")
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


@_command("fetch DATASET", "download a dataset")
def _fetch(session: PlainSession, rest: str) -> None:
    _refuse_a_second(session)
    session.task = Fetch(dataset_facts(rest).name)


@_command(
    "branch STEP [name=NAME] [KEY=VALUE ...]", "go on from an earlier checkpoint as a new run"
)
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


def _refuse_a_second(session: PlainSession) -> None:
    if session.task is not None:
        raise ConfigError(f"{session.task.name} is being seen to; one task at a time.")


@_command("rename NAME", "give the run another name")
def _rename(session: PlainSession, rest: str) -> None:
    renamed = manage.rename(session.watched.run, rest)
    session.say(f"It is now {renamed.name}.")
    session.watch(renamed)


@_command("note [TEXT]", "show the note on the run, or write one; note - removes it")
def _note(session: PlainSession, rest: str) -> None:
    run = session.watched.run
    if rest:
        manage.write_note(run, "" if rest == "-" else rest)
    told = "The note is removed." if rest == "-" else "Noted."
    session.say(told if rest else manage.read_note(run) or f"There is no note on {run.name}.")


@_command("delete NAME yes", "delete a run for good")
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


@_command("quit", "leave; what trains goes on training")
def _quit(session: PlainSession, _rest: str) -> None:
    session.left = True
