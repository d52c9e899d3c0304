"""`ganterm ctl`: steer a run that is training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ganterm.cli.console import emit, emit_json
from ganterm.cli.narrate import say
from ganterm.cli.options import AsJson, RunsDir, parse_settings
from ganterm.config.fields import field, parse_value
from ganterm.errors import ConfigError, WorkerError

if TYPE_CHECKING:
    from pathlib import Path

    from ganterm.runs.journal import JournalTail
    from ganterm.runs.layout import RunDir
    from ganterm.runs.records import Record

CommandName = Literal["pause", "resume", "stop", "checkpoint", "sample", "set", "undo", "remedy"]


def ctl(
    run: Annotated[str, typer.Argument(help="Name or path of a run.")],
    command: Annotated[
        CommandName,
        typer.Argument(help="What it is to do at its next step boundary.", metavar="COMMAND"),
    ],
    change: Annotated[
        str | None,
        typer.Argument(
            metavar="[KEY=VALUE|ID]",
            help="With set: what to change. With remedy: which; by default they are listed.",
        ),
    ] = None,
    *,
    runs_dir: RunsDir = None,
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for the answer.")
    ] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Pause, resume, stop, checkpoint or sample a run, or set a live value: `set lr_g=1e-4`.

    undo takes the last change of a live value back that still stands. remedy applies what the
    doctor offers for a trouble that stands: live, or as another run where that is needed.
    """
    from ganterm.runs.journal import JournalTail  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415
    from ganterm.runs.state import observe  # noqa: PLC0415

    where = runs_dir or default_runs_dir()
    found = resolve_run(run, where)
    if command == "remedy":
        _remedy(found, change, where, wait, as_json=as_json)
        return
    arguments = _arguments(command, change)
    view = observe(found)
    if view.alive is False:
        raise WorkerError(
            f"{found.name} is not training ({view.state}), so it cannot be steered; "
            f"`ganterm resume {found.name}` takes it up again."
        )
    tail = JournalTail(found.journal)
    records = tail.poll()
    if command == "undo":
        command, arguments = "set", _undoing(found.name, records)
    _post(found, tail, command, arguments, wait, as_json=as_json)


def _remedy(
    found: RunDir, which: str | None, runs_dir: Path, wait: float, *, as_json: bool
) -> None:
    from ganterm.cli import remedy as remedying  # noqa: PLC0415
    from ganterm.doctor.offers import chosen, offers_for  # noqa: PLC0415
    from ganterm.doctor.standing import standing  # noqa: PLC0415
    from ganterm.runs.journal import JournalTail  # noqa: PLC0415
    from ganterm.runs.state import observe  # noqa: PLC0415

    tail = JournalTail(found.journal)
    troubles = standing(tail.poll())
    if which is None:
        remedying.list_remedies(found.name, troubles, as_json=as_json)
        return

    def set_live(arguments: dict[str, Any]) -> None:
        _post(found, tail, "set", arguments, wait, as_json=as_json)

    alive = observe(found).alive is not False
    remedying.apply(
        found,
        chosen(offers_for(troubles, alive=alive), which, found.name),
        alive=alive,
        runs_dir=runs_dir,
        set_live=set_live,
        as_json=as_json,
    )


def _post(
    found: RunDir,
    tail: JournalTail,
    command: str,
    arguments: dict[str, Any],
    wait: float,
    *,
    as_json: bool,
) -> None:
    """Post a command and wait for its answer, which is printed."""
    from ganterm.runs import control  # noqa: PLC0415
    from ganterm.runs.state import observe  # noqa: PLC0415

    identity = control.post(found.control, command, **arguments)
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        for record in tail.poll():
            if record["kind"] == "control" and record.get("id") == identity:
                _answer(record, as_json=as_json)
                return
        if observe(found).alive is False:
            raise WorkerError(f"{found.name} ended before it took the command.")
        time.sleep(0.05)
    say(f"{found.name} has not answered within {wait:g} s; it will at its next step boundary.")


def _arguments(command: str, change: str | None) -> dict[str, Any]:
    if command != "set":
        if change is not None:
            raise ConfigError(f"{command} takes no KEY=VALUE; only set does.")
        return {}
    if change is None:
        raise ConfigError("set takes KEY=VALUE, such as lr_g=1e-4.")
    ((key, text),) = parse_settings([change]).items()
    spec = field(key)
    if not spec.live:
        raise ConfigError(
            f"{key} cannot be changed while training; `ganterm config reference` says what can."
        )
    return {"key": spec.name, "value": parse_value(key, text)}


def _undoing(name: str, records: Sequence[Record]) -> dict[str, Any]:
    from ganterm.runs.live import live_settings, to_undo  # noqa: PLC0415

    change = to_undo(live_settings(records).changes)
    if change is None:
        raise ConfigError(f"There is no change of {name} to undo.")
    return {"key": change.key, "value": change.before}


def _answer(record: dict[str, Any], *, as_json: bool) -> None:
    if record["error"]:
        raise ConfigError(str(record["error"]))
    if as_json:
        emit_json(record)
    else:
        words = " ".join([record["name"], *map(str, record["args"].values())])
        emit(f"{words}: done at step {record['step']:,}")
