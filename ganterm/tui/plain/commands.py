"""What can be typed: the one table of commands, and those that only tell something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from ganterm import recipes
from ganterm.client import previews
from ganterm.client.overview import RunList
from ganterm.config.branch import checkpoint_steps
from ganterm.config.draft import to_text
from ganterm.config.fields import FIELDS
from ganterm.core.errors import ConfigError, DataError
from ganterm.render.sheet import load_sheet
from ganterm.runs.layout import resolve_run
from ganterm.tui.plain import actions, report

if TYPE_CHECKING:
    from ganterm.tui.plain.session import PlainSession

MOST_SECONDS: Final = 86400.0
"""The longest time that can be asked for."""


@dataclass(frozen=True)
class PlainCommand:
    """A command: what it does to a session with the rest of its line.

    Attributes:
        usage: how it is typed.
        help: what it does, in a phrase.
        do: does it; raises a `GantermError` whose sentence is told.
    """

    usage: str
    help: str
    do: Callable[[PlainSession, str], None]


def _help(session: PlainSession, rest: str) -> None:
    if rest and rest not in COMMANDS:
        raise ConfigError(f"{rest} is no command; help lists them.")
    wanted = [COMMANDS[rest]] if rest else COMMANDS.values()
    session.say_all(f"{command.usage}: {command.help}." for command in wanted)


def _runs(session: PlainSession, rest: str) -> None:
    listing = RunList(session.runs_dir)
    lines = [report.listed(run) for run in listing.poll()]
    if listing.trouble:
        raise ConfigError(listing.trouble)
    if not lines:
        session.say(f"There are no runs in {session.runs_dir}; start RECIPE makes one.")
        return
    wanted = rest.casefold().split()
    found = [line for line in lines if all(word in line.casefold() for word in wanted)]
    session.say(f"{len(found)} of {len(lines)} runs in {session.runs_dir}:")
    session.say_all(found)


def _recipes(session: PlainSession, _rest: str) -> None:
    session.say_all(
        f"{recipe.name}: {recipe.purpose or recipe.title}" for recipe in recipes.survey().recipes
    )


def _watch(session: PlainSession, rest: str) -> None:
    session.watch(resolve_run(rest, session.runs_dir) if rest else None)
    if not rest:
        session.say("No run is watched.")


def _status(session: PlainSession, _rest: str) -> None:
    session.say_all(report.status(session.watched))


def _losses(session: PlainSession, _rest: str) -> None:
    told = list(report.losses(session.watched))
    session.say_all(told or ["Nothing was measured yet."])


def _settings(session: PlainSession, rest: str) -> None:
    config = session.watched.config
    if rest not in {"", "live"}:
        raise ConfigError("settings takes nothing after it, or live for what can be changed.")
    for key, value in config.items():
        live = key in FIELDS and FIELDS[key].live
        if live or not rest:
            session.say(f"{key}: {to_text(value)}" + (", can be set" if live and not rest else ""))


def _checkpoints(session: PlainSession, _rest: str) -> None:
    steps = checkpoint_steps(session.watched.run)
    told = f"Checkpoints of step {', '.join(f'{step:,}' for step in steps)}."
    session.say(told if steps else "There is no checkpoint yet.")


def _describe(session: PlainSession, _rest: str) -> None:
    feed = session.watched
    if not feed.samples:
        raise ConfigError("No samples were drawn yet; sample asks for some.")
    newest = feed.samples[-1]
    sheet = load_sheet(newest.path)
    session.say(f"Samples of step {newest.step:,}, in {newest.path}.")
    session.say_all(previews.described(previews.look(sheet), _real(session)))
    if len(feed.samples) > 1:
        before = feed.samples[-2]
        try:
            way = previews.moved(load_sheet(before.path), sheet)
        except DataError:
            way = None
        if way is not None:
            session.say(f"Since step {before.step:,} a pixel changed by {100 * way:.1f} percent.")


def _real(session: PlainSession) -> previews.Look | None:
    try:
        return previews.look(load_sheet(session.watched.run.real_samples))
    except DataError:
        return None


def _log(session: PlainSession, _rest: str) -> None:
    session.say_all(session.watched.log or ["The worker printed nothing."])


def _every(session: PlainSession, rest: str) -> None:
    session.tell_every = _seconds("every", rest)
    session.tell_later()


def _wait(session: PlainSession, rest: str) -> None:
    clock = session.clock
    until = clock() + (_seconds("wait", rest) if rest else float("inf"))
    session.held_until = lambda: session.watched.view.alive is False or clock() >= until


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


def _quit(session: PlainSession, _rest: str) -> None:
    session.left = True


def _steer(name: str) -> Callable[[PlainSession, str], None]:
    return partial(actions.steer, name)


COMMANDS: Final[dict[str, PlainCommand]] = {
    "help": PlainCommand("help [COMMAND]", "say what can be typed", _help),
    "runs": PlainCommand(
        "runs [WORDS]", "list the runs, or those whose line holds the words", _runs
    ),
    "watch": PlainCommand(
        "watch [NAME]", "tell what a run does; without a name, what none does", _watch
    ),
    "status": PlainCommand("status", "say how the run stands", _status),
    "losses": PlainCommand("losses", "say what was measured, and where it goes", _losses),
    "describe": PlainCommand(
        "describe", "say in words what the newest samples look like", _describe
    ),
    "judge": PlainCommand(
        "judge [now [step=N] [n=N] [judge=DATASET]]",
        "say how good the run is, or have it judged",
        actions.judge,
    ),
    "compare": PlainCommand(
        "compare [NAME ...]", "say how judged runs stand beside one another", actions.compare
    ),
    "settings": PlainCommand("settings [live]", "say the settings in force", _settings),
    "checkpoints": PlainCommand("checkpoints", "say which steps can be gone back to", _checkpoints),
    "log": PlainCommand("log", "print the last lines of the worker", _log),
    "every": PlainCommand(
        "every SECONDS", "how often to tell the progress; 0 is not at all", _every
    ),
    "wait": PlainCommand(
        "wait [SECONDS]", "obey nothing more before the run ends; for scripts", _wait
    ),
    "pause": PlainCommand("pause", "pause the training", _steer("pause")),
    "resume": PlainCommand(
        "resume [steps=N]", "go on after a pause; train a run on that has ended", actions.resume
    ),
    "stop": PlainCommand("stop", "write a checkpoint and stop", _steer("stop")),
    "checkpoint": PlainCommand("checkpoint", "write a checkpoint now", _steer("checkpoint")),
    "sample": PlainCommand("sample", "draw the samples now", _steer("sample")),
    "set": PlainCommand("set KEY=VALUE", "change a setting while it trains", actions.change),
    "remedy": PlainCommand(
        "remedy [ID]", "say what is wrong and what can be done, or do it", actions.remedy
    ),
    "undo": PlainCommand("undo", "take the last change of a setting back", actions.undo),
    "recipes": PlainCommand("recipes", "list what can be started", _recipes),
    "start": PlainCommand(
        "start RECIPE [name=NAME] [KEY=VALUE ...]", "begin a run and watch it", actions.start
    ),
    "fetch": PlainCommand("fetch DATASET", "download a dataset", actions.fetch),
    "branch": PlainCommand(
        "branch STEP [name=NAME] [KEY=VALUE ...]",
        "go on from an earlier checkpoint as a new run",
        actions.branch,
    ),
    "rename": PlainCommand("rename NAME", "give the run another name", actions.rename),
    "note": PlainCommand("note TEXT", "write a note on the run", actions.note),
    "delete": PlainCommand("delete NAME yes", "delete a run for good", actions.delete),
    "quit": PlainCommand("quit", "leave; what trains goes on training", _quit),
}
"""Every command by its name."""
