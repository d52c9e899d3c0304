"""The troubles that stand in a run, and what can be done about them now, from its journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ganterm.config import RunConfig
from ganterm.config.runfile import from_mapping
from ganterm.doctor.remedies import remedies
from ganterm.errors import ConfigError
from ganterm.runs.journal import effective
from ganterm.runs.live import live_settings
from ganterm.runs.records import Record, Remedy


@dataclass(frozen=True)
class Trouble:
    """A trouble that was found in a run and is not over.

    Attributes:
        code: its short name.
        step: where it was found.
        since: where it had begun, as far as can be told.
        message: the trouble and its cause, as the journal has it: not safe for a terminal yet.
        remedies: what can be applied under the settings now in force, the gentlest first.
    """

    code: str
    step: int
    since: int
    message: str
    remedies: list[Remedy]


def standing(records: Iterable[Record]) -> list[Trouble]:
    """Return the doctor's alerts that nothing has cleared, oldest first, from all records.

    Raises `ConfigError` where the journal does not say how the run is configured.
    """
    history = effective(records)
    alerts: dict[str, Record] = {}
    for record in history:
        if record["kind"] != "alert" or not isinstance(record.get("evidence"), dict):
            continue
        alerts.pop(str(record.get("code")), None)
        if not record.get("cleared"):
            alerts[str(record.get("code"))] = record
    if not alerts:
        return []
    config = _config_now(history)
    return [_trouble(code, record, config) for code, record in alerts.items()]


def _config_now(history: list[Record]) -> RunConfig:
    config = live_settings(history).config
    if not config:
        raise ConfigError("The journal does not say how the run is configured.")
    return from_mapping(config)


def _trouble(code: str, record: Record, config: RunConfig) -> Trouble:
    steps = record["evidence"].get("steps")
    lasted = steps if isinstance(steps, int) else 0
    return Trouble(
        code=code,
        step=record["step"],
        since=max(record["step"] - max(lasted, 0), 0),
        message=str(record.get("message", "")),
        remedies=remedies(code, config),
    )
