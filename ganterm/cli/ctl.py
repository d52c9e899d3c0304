"""`ganterm ctl`: steer a run that is training."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import to_builtins

from ganterm.cli import completion
from ganterm.cli.console import emit, emit_json
from ganterm.cli.narrate import say
from ganterm.cli.options import AsJson, RunName, RunsDir
from ganterm.cli.settings import parse_settings
from ganterm.client.pending import answers, live_value, require_training
from ganterm.core.codec import encode
from ganterm.core.errors import ConfigError
from ganterm.core.records import ControlRecord, Record
from ganterm.doctor.active import active_alerts
from ganterm.doctor.applicable import applicable_remedies, chosen
from ganterm.runs.journal import JournalTail
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import default_runs_dir, resolve_run
from ganterm.runs.live import LiveSettings, live_settings, to_undo
from ganterm.runs.state import observe

if TYPE_CHECKING:
    from pathlib import Path

    from ganterm.doctor.active import ActiveAlert
    from ganterm.runs.layout import RunDir

COMMANDS = ("pause", "resume", "stop", "checkpoint", "sample", "set", "undo", "remedy")


def ctl(
    run: RunName,
    command: Annotated[
        str | None,
        typer.Argument(
            help=f"What it is to do at its next step boundary: {', '.join(COMMANDS)}.",
            metavar="COMMAND",
            show_default=False,
            autocompletion=lambda: [*COMMANDS],
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE...|ID]",
            help="With set: what to change. With remedy: which; by default they are listed.",
            autocompletion=completion.changes,
        ),
    ] = None,
    *,
    runs_dir: RunsDir = None,
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for the answer.")
    ] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Pause, resume, stop, checkpoint or sample a run, or set live values: `set lr_g=1e-4`.

    undo takes the last change of a live value back that still stands. remedy applies what the
    doctor offers for a trouble that stands: live, or as another run where that is needed.
    """
    where = runs_dir or default_runs_dir()
    if command is None and run in COMMANDS:
        raise ConfigError(f"Which run? Name it first: `ganterm ctl RUN {run}`.")
    found = resolve_run(run, where)
    if command not in COMMANDS:
        raise ConfigError(_no_command(found.word, command))
    if command == "remedy":
        if changes and len(changes) > 1:
            raise ConfigError("Apply one remedy at a time.")
        _remedy(found, changes[0] if changes else None, where, wait, as_json=as_json)
        return
    tail = JournalTail(found.journal)
    settings = live_settings(tail.records(Record))
    arguments = _arguments(command, changes or [], settings.config)
    require_training(found)
    if command == "undo":
        command, arguments = "set", [_undoing(found.name, settings)]
    _post(found, tail, command, arguments, wait, as_json=as_json)


def _remedy(
    found: RunDir, which: str | None, runs_dir: Path, wait: float, *, as_json: bool
) -> None:
    """Apply a remedy: live where the run trains and can be changed, or as another run."""
    tail = JournalTail(found.journal)
    troubles = active_alerts(tail.records(Record))
    if which is None:
        _list_remedies(found.name, troubles, as_json=as_json)
        return

    alive = observe(found).alive is not False
    offer = chosen(applicable_remedies(troubles, alive=alive), which, found.name)
    if offer.live:
        for key, value in offer.remedy.settings.items():
            _post(found, tail, "set", [{"key": key, "value": value}], wait, as_json=as_json)
        return
    # Here rather than above: what steers a run needs none of it.
    from ganterm.cli.starting import fetch_missing, look_ahead  # noqa: PLC0415

    made = offer.begin(found, runs_dir, lambda config: fetch_missing(look_ahead(config, runs_dir)))
    process = start_worker(made)
    if as_json:
        emit_json({"run": made.name, "path": str(made.path), "pid": process.pid})
    else:
        emit(made.name)
    going_on = f" {found.name} goes on as it is." if alive else ""
    say(f"{made.name} trains with the remedy ({offer.remedy.label}).{going_on}")


def _post(
    found: RunDir,
    tail: JournalTail,
    command: str,
    arguments: Sequence[dict[str, Any]],
    wait: float,
    *,
    as_json: bool,
) -> None:
    """Leave a command for the worker as `answers` does, and print what it answers."""
    count = 0
    for record in answers(found, tail, command, arguments, wait=wait):
        _answer(record, as_json=as_json)
        count += 1
    if count < len(arguments):
        say(f"{found.name} has not answered within {wait:g} s; it will at its next step boundary.")


def _no_command(name: str, command: str | None) -> str:
    """Say what there is in place of a command that there is not."""
    if command is None:
        return f"What is {name} to do? The commands are {', '.join(COMMANDS)}."
    if "=" in command:
        return f"A value is changed by set: `ganterm ctl {name} set {command}`."
    near = get_close_matches(command, COMMANDS, n=1)
    hint = f"did you mean {near[0]}? They" if near else "the commands"
    return f"There is no command {command!r} for a run; {hint} are {', '.join(COMMANDS)}."


def _arguments(command: str, changes: list[str], config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the arguments of each command that is to be posted; all make sense, or none is.

    `config` are the settings in force.
    """
    if command != "set":
        if changes:
            raise ConfigError(f"{command} takes no KEY=VALUE; only set does.")
        return [{}]
    if not changes:
        raise ConfigError("set takes KEY=VALUE, such as lr_g=1e-4.")
    where = "`ganterm config reference`"
    given = parse_settings(changes)
    found = [live_value(key, text, config, which=where) for key, text in given.items()]
    return [{"key": key, "value": value} for key, value in found]


def _undoing(name: str, settings: LiveSettings) -> dict[str, Any]:
    change = to_undo(settings.changes)
    if change is None:
        raise ConfigError(f"There is no change of {name} to undo.")
    return {"key": change.key, "value": change.before}


def _answer(record: ControlRecord, *, as_json: bool) -> None:
    if as_json:
        emit_json(encode(record))
    else:
        words = " ".join([record.name, *map(str, record.args.values())])
        emit(f"{words}: done at step {record.step:,}")


def _list_remedies(name: str, troubles: list[ActiveAlert], *, as_json: bool) -> None:
    """Print the troubles that stand in the run called `name`, and the remedies for each."""
    if as_json:
        fields = ("code", "step", "message", "remedies")
        emit_json([{key: to_builtins(getattr(t, key)) for key in fields} for t in troubles])
        return
    if not troubles:
        say(f"The doctor finds nothing wrong with {name}.")
    for trouble in troubles:
        emit(f"{trouble.code}, step {trouble.step:,}: {trouble.message}")
        for remedy in trouble.remedies:
            how = "live" if remedy.live else "as another run"
            emit(f"  {remedy.id:16}{remedy.label}, {how}")
