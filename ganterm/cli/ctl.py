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
    from ganterm.runs.records import Record

CommandName = Literal["pause", "resume", "stop", "checkpoint", "sample", "set", "undo"]


def ctl(
    run: Annotated[str, typer.Argument(help="Name or path of a run.")],
    command: Annotated[
        CommandName,
        typer.Argument(help="What it is to do at its next step boundary.", metavar="COMMAND"),
    ],
    change: Annotated[
        str | None, typer.Argument(metavar="[KEY=VALUE]", help="With set: what to change.")
    ] = None,
    *,
    runs_dir: RunsDir = None,
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for the answer.")
    ] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Pause, resume, stop, checkpoint or sample a run, or set a live value: `set lr_g=1e-4`.

    undo takes the last change of a live value back that still stands.
    """
    from ganterm.runs import control  # noqa: PLC0415
    from ganterm.runs.journal import JournalTail  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, resolve_run  # noqa: PLC0415
    from ganterm.runs.state import observe  # noqa: PLC0415

    found = resolve_run(run, runs_dir or default_runs_dir())
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
