"""The alerts of a run that nothing has cleared, and what can be done about them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ganterm.config import FIELDS, Field, RunConfig
from ganterm.config.ownloop import LOOP, fields_of, in_schema
from ganterm.config.runfile import from_mapping
from ganterm.config.schedule import in_force
from ganterm.core.errors import ConfigError
from ganterm.core.records import AlertRecord, ControlRecord, Record, Remedy
from ganterm.doctor.detectors import DETECTORS
from ganterm.doctor.remedies import remedies
from ganterm.runs.history import RunHistory

Severity = Literal["note", "over", "warning", "failure"]
"""How grave an alert is: a word by the way, trouble that is over, trouble, and a lost training."""

REMEDY_MARK: Final = "doctor-"
"""What the ids of live changes begin with that the doctor made, before the trouble's code."""


def remedy_id(code: str, remedy: str, step: int, key: str) -> str:
    """Return the id of what the doctor changes at a step as a remedy for the trouble `code`."""
    return f"{REMEDY_MARK}{code}:{remedy}-{step}-{key}"


def remedy_in(record: ControlRecord) -> tuple[str, str] | None:
    """Return the trouble and the remedy that a record is of; None where it is not the doctor's.

    The remedy is empty where an earlier version wrote it.
    """
    if not record.id.startswith(REMEDY_MARK):
        return None
    rest = record.id.removeprefix(REMEDY_MARK).removesuffix(f"-{record.key or record.name}")
    code, _, remedy = rest.rpartition("-")[0].partition(":")
    return code, remedy


_LOST: Final = frozenset(detector.code for detector in DETECTORS if detector.lost)


@dataclass(frozen=True)
class ActiveAlert:
    """An alert of the doctor's that nothing has cleared.

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


def active_alerts(records: Iterable[Record]) -> list[ActiveAlert]:
    """Return the doctor's alerts that nothing has cleared, oldest first, from all records.

    Raises `ConfigError` where the journal does not say how the run is configured.
    """
    history = RunHistory()
    history.add(*records)
    return troubles_of(history)


def troubles_of(history: RunHistory) -> list[ActiveAlert]:
    """Return the doctor's alerts that stand in a run; raises as `active_alerts`."""
    if not history.standing:
        return []
    if not history.config:
        raise ConfigError("The journal does not say how the run is configured.")
    return with_remedies(history.standing, settings_in_force(history), fields_of(history.config))


def severity(alert: AlertRecord) -> Severity:
    """Return how grave an alert of a journal is; only the doctor's tell of trouble."""
    if alert.evidence is None:
        return "note"
    if alert.cleared:
        return "over"
    return "failure" if alert.code in _LOST else "warning"


def since(alert: AlertRecord) -> int:
    """Return the step at which a trouble had begun, as far as its alert can tell."""
    steps = (alert.evidence or {}).get("steps")
    lasted = steps if isinstance(steps, int) else 0
    return max(alert.step - max(lasted, 0), 0)


def settings_in_force(history: RunHistory) -> RunConfig:
    """Return the settings of a run, with the newest numbers of those that have a schedule.

    Of somebody's own loop those that the schema knows. Raises `ConfigError` where they make no
    sense.
    """
    newest = {name: series.latest for name, series in history.series.items()}
    own = LOOP in history.config
    return in_force(in_schema(history.config) if own else from_mapping(history.config), newest)


def with_remedies(
    alerts: Iterable[AlertRecord], config: RunConfig, fields: Mapping[str, Field] = FIELDS
) -> list[ActiveAlert]:
    """Return what alerts that stand say, with the remedies there are under `config`.

    `fields` are the settings that the run has.
    """
    return [_active(alert, config, fields) for alert in alerts]


def _active(alert: AlertRecord, config: RunConfig, fields: Mapping[str, Field]) -> ActiveAlert:
    return ActiveAlert(
        code=alert.code,
        step=alert.step,
        since=since(alert),
        message=alert.message,
        evidence=alert.evidence or {},
        remedies=remedies(alert.code, config, fields),
    )
