"""The doctor at the side of a run: alerts in its journal, and what `on_alert` makes of them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from typing import Final

from ganterm.core.records import AlertRecord, ControlRecord, JudgedRecord, MetricsRecord, Record
from ganterm.doctor.active import REMEDY_MARK, severity
from ganterm.doctor.doctor import Doctor
from ganterm.doctor.remedies import remedies
from ganterm.engine.loop import DivergenceError
from ganterm.runs.journal import JournalWriter
from ganterm.worker.commands import LiveChanges

SETTLING_STEPS: Final = 300
"""Steps that a remedy is given to work before the next one."""
MOST_REMEDIES: Final = 3
"""Remedies for one trouble; what they do not cure needs another network, and a person."""


class DoctorHook:
    """Shows the doctor what a run writes to its journal, and does what its settings ask for.

    A remedy is a live change like any other, in the journal before it takes effect, so a run that
    is repeated or goes on makes it again at its step. While such changes are yet to be made again
    no new remedy is applied.
    """

    def __init__(self, journal: JournalWriter, changes: LiveChanges) -> None:
        self._journal = journal
        self._changes = changes
        self._doctor = Doctor(changes.config)
        self._applied: dict[str, int] = {}
        self._lost: list[str] = []
        self._last_remedy = -SETTLING_STEPS
        self._news = ""

    def remember(self, records: Iterable[Record]) -> None:
        """Look at the run's history in force, up to the step at which it goes on."""
        for record in records:
            if record.step > self._changes.step:
                continue
            self._doctor.see(record)
            if isinstance(record, AlertRecord):
                self._note(record)
            elif isinstance(record, ControlRecord) and record.id.startswith(REMEDY_MARK):
                self._last_remedy = record.step
        self._news = ""

    def see(self, record: MetricsRecord | JudgedRecord) -> None:
        """Look at a record, and write down the alerts it gives rise to.

        Of what is not finite `diverged` tells, which knows the very step.
        """
        numbers = record.values if isinstance(record, MetricsRecord) else record.scores
        if all(math.isfinite(value) for value in numbers.values() if value is not None):
            self._look(record)

    def diverged(self, error: DivergenceError) -> None:
        """Write the alert of a run that cannot go on, where it can be written."""
        with contextlib.suppress(OSError):
            self._look(MetricsRecord(step=error.step, values={error.term: math.nan}))

    def _look(self, record: MetricsRecord | JudgedRecord) -> None:
        self._doctor.config = self._changes.config
        for alert in self._doctor.see(record):
            self._journal.write(alert)
            self._note(alert)

    def act(self) -> str:
        """Do at a step boundary what `on_alert` asks for; returns why the run is to stop, or ""."""
        step, config = self._changes.step, self._changes.config
        if self._changes.pending:
            self._last_remedy, self._news = step, ""
        news, self._news = self._news, ""
        if config.on_alert == "stop" and news:
            return f"by the doctor ({news})"
        if config.on_alert == "remedy" and step - self._last_remedy >= SETTLING_STEPS:
            self._apply_one()
        return ""

    @property
    def lost(self) -> str:
        """The trouble for which the networks learn nothing any more, by code; empty if they do."""
        return next(iter(self._lost), "")

    def _note(self, alert: AlertRecord) -> None:
        """Keep in mind which troubles stand; the doctor's alerts alone have evidence."""
        if alert.evidence is None:
            return
        if alert.cleared:
            self._applied.pop(alert.code, None)
            self._lost = [code for code in self._lost if code != alert.code]
        else:
            self._applied[alert.code] = 0
            if severity(alert) == "failure":
                self._lost.append(alert.code)
            self._news = self._news or alert.code

    def _apply_one(self) -> None:
        """Apply the gentlest remedy of the first trouble that has one left."""
        for code, count in self._applied.items():
            offered = remedies(code, self._changes.config)
            remedy = next((each for each in offered if each.live), None)
            if remedy is None or count >= MOST_REMEDIES:
                continue
            self._applied[code] = count + 1
            self._last_remedy = self._changes.step
            for key, value in remedy.settings.items():
                identity = f"{REMEDY_MARK}{code}-{self._changes.step}-{key}"
                self._changes.make(identity, key, value)
            return
