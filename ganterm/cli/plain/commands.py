"""What can be typed: what each command tells, or has done through the client's actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from ganterm.cli.plain import words
from ganterm.client import launching, previews
from ganterm.client.comparison import JudgedRuns, standing
from ganterm.client.feed import RunFeed, offers_of
from ganterm.client.overview import RunList
from ganterm.client.pending import live_value
from ganterm.client.tasks import Judging, judge_options
from ganterm.config.branch import checkpoint_steps
from ganterm.config.draft import to_text
from ganterm.config.ownloop import fields_of
from ganterm.config.recorded import recorded_config
from ganterm.config.runfile import to_mapping
from ganterm.core.errors import ConfigError, DataError, WorkerError
from ganterm.doctor.applicable import chosen
from ganterm.render.sheet import load_sheet
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


def command(usage: str, told: str) -> Callable[[_Act], _Act]:
    """Take a function as the command that is typed as `usage`, of which `help` tells `told`."""

    def add(act: _Act) -> _Act:
        COMMANDS[usage.split(maxsplit=1)[0]] = PlainCommand(usage, told, act)
        return act

    return add


def refuse_a_second(session: PlainSession) -> None:
    """Raise where a task that takes time is being seen to."""
    if session.task is not None:
        raise ConfigError(f"{session.task.name} is being seen to; one task at a time.")


# What tells something


@command("help [COMMAND]", "say what can be typed")
def _help(session: PlainSession, rest: str) -> None:
    if rest and rest not in COMMANDS:
        raise ConfigError(f"{rest} is no command; help lists them.")
    wanted = [COMMANDS[rest]] if rest else COMMANDS.values()
    session.say(*(f"{command.usage}: {command.help}." for command in wanted))


@command("runs [WORDS]", "list the runs, or those whose line holds the words")
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


@command("watch [NAME]", "tell what a run does; without a name, what none does")
def _watch(session: PlainSession, rest: str) -> None:
    session.watch(resolve_run(rest, session.runs_dir) if rest else None)
    if not rest:
        session.say("No run is watched.")


@command("status", "say how the run stands")
def _status(session: PlainSession, _rest: str) -> None:
    session.say(*words.status(session.watched))


@command("losses", "say what was measured, and where it goes")
def _losses(session: PlainSession, _rest: str) -> None:
    session.say(*(list(words.losses(session.watched)) or ["Nothing was measured yet."]))


@command("describe", "say in words what the newest samples look like")
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


@command("judge [now [step=N] [n=N] [judge=DATASET]]", "say how good the run is, or have it judged")
def _judge(session: PlainSession, rest: str) -> None:
    feed = session.watched
    word, _, options = rest.partition(" ")
    if word == "now":
        refuse_a_second(session)
        if not feed.checkpoints:
            raise ConfigError(f"{feed.run.name} has no checkpoint yet that could be judged.")
        session.task = Judging(feed.run, judge_options(options))
    elif rest:
        raise ConfigError("judge takes nothing after it, or now, such as judge now n=2000.")
    elif feed.judged:
        session.say(*words.scores(feed.judged))
    else:
        session.say(f"{feed.run.name} has not been judged; judge now has it judged.")


@command("compare [NAME ...]", "say how judged runs stand beside one another")
def _compare(session: PlainSession, rest: str) -> None:
    if rest:
        runs = [standing(resolve_run(name, session.runs_dir)) for name in rest.split()]
    else:
        judged, listing = JudgedRuns(), RunList(session.runs_dir)
        runs = [each for run in listing.poll() if (each := judged.read(run.run)) is not None]
    session.say(*(list(words.compared(runs)) or ["No run has been judged yet."]))


@command("settings [live]", "say the settings in force")
def _settings(session: PlainSession, rest: str) -> None:
    config = session.watched.config
    if rest not in {"", "live"}:
        raise ConfigError("settings takes nothing after it, or live for what can be changed.")
    known = fields_of(config)
    for key, value in config.items():
        live = key in known and known[key].live
        if live or not rest:
            session.say(f"{key}: {to_text(value)}" + (", can be set" if live and not rest else ""))


@command("checkpoints", "say which steps can be gone back to")
def _checkpoints(session: PlainSession, _rest: str) -> None:
    steps = checkpoint_steps(session.watched.run)
    told = f"Checkpoints of step {', '.join(f'{step:,}' for step in steps)}."
    session.say(told if steps else "There is no checkpoint yet.")


@command("log", "print the last lines of the worker")
def _log(session: PlainSession, _rest: str) -> None:
    session.say(*(session.watched.log or ["The worker printed nothing."]))


@command("every SECONDS", "how often to tell the progress; 0 is not at all")
def _every(session: PlainSession, rest: str) -> None:
    session.tell_every = _seconds("every", rest)
    session.tell_later()


@command("wait [SECONDS]", "obey nothing more before the run ends; for scripts")
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


command("pause", "pause the training")(partial(_steer, "pause"))


@command("resume [steps=N]", "go on after a pause; train a run on that has ended")
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


command("stop", "write a checkpoint and stop")(partial(_steer, "stop"))
command("checkpoint", "write a checkpoint now")(partial(_steer, "checkpoint"))
command("sample", "draw the samples now")(partial(_steer, "sample"))


@command("set KEY=VALUE", "change a setting while it trains")
def _set(session: PlainSession, rest: str) -> None:
    name, equals, text = rest.partition("=")
    if not equals:
        raise ConfigError("set takes KEY=VALUE, such as set lr_g=1e-4.")
    config = session.feed.config if session.feed else {}
    key, value = live_value(name, text, config, which="settings live")
    _steerable(session)
    session.order("set", key=key, value=value)


@command("remedy [ID]", "say what is wrong and what can be done, or do it")
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


@command("undo", "take the last change of a setting back")
def _undo(session: PlainSession, _rest: str) -> None:
    feed = _steerable(session)
    # Before the worker has said under what it trains, the run's file does.
    config = feed.config or to_mapping(recorded_config(feed.run))
    found = session.pending.to_undo(feed.changes, config)
    session.order("set", key=found.key, value=found.before)
