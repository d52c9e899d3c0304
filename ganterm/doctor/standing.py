"""The troubles that stand in a run, and what can be done about them now, from its journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ganterm.config import RunConfig
from ganterm.config.runfile import from_mapping
from ganterm.doctor.detectors import DETECTORS
from ganterm.doctor.remedies import remedies
from ganterm.errors import ConfigError
from ganterm.runs.journal import effective
from ganterm.runs.live import live_settings
from ganterm.runs.records import Record, Remedy

Severity = Literal["note", "over", "warning", "failure"]
"""How grave an alert is: a word by the way, trouble that is over, trouble, and a lost training."""

REMEDY_MARK: Final = "doctor-"
"""What the ids of live changes begin with that the doctor made, before the trouble's code."""

_LOST: Final = frozenset(detector.code for detector in DETECTORS if detector.lost)


@dataclass(frozen=True)
class Trouble:
    """A trouble that was found in a run and is not over.

    Attributes:
        code: its short name.
        step: where it was found.
        since: where it had begun, as far as can be told.
        message: the trouble and its cause, as the journal has it: not safe for a terminal yet.
        evidence: the figures it rests on, by name: foreign as well.
        remedies: what can be applied under the settings now in force, the gentlest first.
    """

    code: str
    step: int
    since: int
    message: str
    evidence: dict[str, Any]
    remedies: list[Remedy]


def standing(records: Iterable[Record]) -> list[Trouble]:
    """Return the doctor's alerts that nothing has cleared, oldest first, from all records.

    Raises `ConfigError` where the journal does not say how the run is configured.
    """
    history = effective(records)
    alerts = uncleared(record for record in history if record["kind"] == "alert")
    return troubles(alerts, _config_now(history)) if alerts else []


def uncleared(alerts: Iterable[Record]) -> list[Record]:
    """Return those of a run's alerts that are the doctor's and that nothing cleared, in order."""
    found: dict[str, Record] = {}
    for alert in alerts:
        if not isinstance(alert.get("evidence"), dict):
            continue
        found.pop(str(alert.get("code")), None)
        if not alert.get("cleared"):
            found[str(alert.get("code"))] = alert
    return list(found.values())


def severity(alert: Mapping[str, Any]) -> Severity:
    """Return how grave an alert of a journal is; only the doctor's tell of trouble."""
    if not isinstance(alert.get("evidence"), dict):
        return "note"
    if alert.get("cleared"):
        return "over"
    return "failure" if alert.get("code") in _LOST else "warning"


def troubles(alerts: Iterable[Record], config: RunConfig) -> list[Trouble]:
    """Return what alerts that stand say, with the remedies there are under `config`."""
    return [_trouble(str(alert.get("code")), alert, config) for alert in alerts]


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
        evidence=dict(record["evidence"]),
        remedies=remedies(code, config),
    )
