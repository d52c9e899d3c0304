"""The doctor at the side of a run: alerts in its journal, and what `on_alert` makes of them."""

from __future__ import annotations

import contextlib
import math
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from ganterm.config import FIELDS, RunConfig
from ganterm.config.branch import FIXED
from ganterm.config.recorded import config_of
from ganterm.config.schedule import in_force
from ganterm.core.records import (
    AlertRecord,
    CheckpointRecord,
    ControlRecord,
    JudgedRecord,
    MetricsRecord,
    Numbers,
    OpeningRecord,
    Record,
    Remedy,
)
from ganterm.doctor.active import REMEDY_MARK, remedy_id, remedy_in, severity, since
from ganterm.doctor.doctor import Doctor
from ganterm.doctor.remedies import proven, remedies
from ganterm.doctor.unfinished import Progress
from ganterm.engine.loop import DivergenceError
from ganterm.runs import checkpoints
from ganterm.runs.history import effective
from ganterm.runs.journal import JournalWriter, records_of
from ganterm.runs.layout import RunDir, step_of
from ganterm.runs.live import REWIND, Rewind
from ganterm.worker.checkpoint import read_meta
from ganterm.worker.commands import LiveChanges

SETTLING_STEPS: Final = 300
"""Steps that a live remedy is given to work before the next one."""
REWOUND_STEPS: Final = 1200
"""Steps that a run is given with what it was rewound for."""
UNSURE_STEPS: Final = 300
"""The latest steps of a run without a trouble, of which one may yet be found."""
COLLAPSE: Final = "mode-collapse"
"""A trouble as grave as those in which networks learn nothing: such a run is of no use."""
_LATEST: Final = 5
"""Records that say how varied the samples of a checkpoint are."""


class DoctorHook:
    """Shows the doctor what a run writes to its journal, and does what its settings ask for.

    A live remedy is a change like any other, in the journal before it takes effect, so a run that
    is repeated or goes on makes it again at its step. While such changes are yet to be made again
    no new remedy is applied. Any other remedy takes the run back to its last healthy checkpoint,
    or to its beginning where there is none: `act` says so, and the journal from then on.

    Only grave troubles are treated. A run can live with others, such as a D that is too strong;
    what eases these can keep a run from the collapse that would be found and cured, and poor.
    """

    def __init__(
        self, run: RunDir, journal: JournalWriter, changes: LiveChanges[RunConfig]
    ) -> None:
        self._run = run
        self._journal = journal
        self._changes = changes
        self._doctor = Doctor(changes.config)
        self.progress = Progress()
        self._standing: dict[str, AlertRecord] = {}
        self._tried: dict[str, list[str]] = {}
        self._healthy: list[int] = []
        self._varied: dict[int, float] = {}
        self._latest: deque[float] = deque(maxlen=_LATEST)
        self._seen = changes.step
        self._next_remedy = 0
        self._news = ""
        self._numbers: Numbers = {}

    @property
    def _config(self) -> RunConfig:
        """The settings, with the newest numbers of those that have a schedule."""
        return in_force(self._changes.config, self._numbers)

    def remember(self, records: Sequence[Record]) -> None:
        """Look at a run's whole journal: at what is in force up to the step at which it goes on.

        What was tried and led nowhere counts as well.
        """
        for record in records:
            if isinstance(record, ControlRecord) and not record.error:
                self._try(record)
        for record in effective(records):
            if record.step > self._changes.step:
                continue
            self._doctor.see(record)
            self.progress.see(record)
            match record:
                case MetricsRecord():
                    self._measure(record)
                case AlertRecord():
                    self._note(record)
                case CheckpointRecord():
                    self.saved(record.step)
        self._news = ""

    def _try(self, record: ControlRecord) -> None:
        """Take note of a remedy that was taken."""
        if (found := remedy_in(record)) is None:
            return
        code, remedy = found
        tried = self._tried.setdefault(code, [])
        if remedy and remedy not in tried:
            tried.append(remedy)
        if record.name == REWIND:
            self._next_remedy = record.args["to"] + REWOUND_STEPS
        else:
            self._next_remedy = record.step + SETTLING_STEPS

    def saved(self, step: int) -> None:
        """Take note of a checkpoint."""
        if not self._standing:
            self._healthy.append(step)
        if self._latest:
            self._varied[step] = min(sum(self._latest) / len(self._latest), 1.0)

    def see(self, record: MetricsRecord | JudgedRecord) -> None:
        """Look at a record, and write down the alerts it gives rise to.

        Of what is not finite `diverged` tells, which knows the very step.
        """
        numbers = record.values if isinstance(record, MetricsRecord) else record.scores
        if isinstance(record, MetricsRecord):
            self._measure(record)
        if all(math.isfinite(value) for value in numbers.values() if value is not None):
            self._look(record)

    def _measure(self, record: MetricsRecord) -> None:
        self._seen = record.step
        if (varied := record.values.get("diversity")) is not None:
            self._latest.append(varied)

    def diverged(self, error: DivergenceError) -> None:
        """Write the alert of a run that cannot go on, where it can be written."""
        with contextlib.suppress(OSError):
            self._look(MetricsRecord(step=error.step, values={error.term: math.nan}))

    def _look(self, record: MetricsRecord | JudgedRecord) -> None:
        self.progress.see(record)
        if isinstance(record, MetricsRecord):
            self._numbers = record.values
        self._doctor.config = self._config
        for alert in self._doctor.see(record):
            self._journal.write(alert)
            self._note(alert)

    def _note(self, alert: AlertRecord) -> None:
        """Keep in mind which grave troubles stand; the doctor's alerts alone have evidence."""
        if alert.evidence is None:
            return
        if not alert.cleared:
            self._news = self._news or alert.code
        if alert.code != COLLAPSE and severity(alert) == "warning":
            return
        self._standing.pop(alert.code, None)
        if not alert.cleared:
            self._standing[alert.code] = alert
            self._healthy = [step for step in self._healthy if step <= since(alert)]

    def act(self) -> str | Rewind:
        """Do at a step boundary what `on_alert` asks for.

        Returns why the run is to stop, or where it is to go on from, already in the journal; or "".
        """
        config = self._changes.config
        replays = any(each.id.startswith(REMEDY_MARK) for each in self._changes.pending)
        news, self._news = "" if replays else self._news, ""
        if config.on_alert == "stop" and news:
            return f"by the doctor ({news})"
        if config.on_alert != "remedy" or replays or self._seen < self._next_remedy:
            return ""
        return self._treat(next(iter(self._standing.values()))) if self._standing else ""

    def at_end(self) -> str | Rewind:
        """Return where a run that can go no further in trouble goes on from, as `act` does."""
        if self._changes.config.on_alert != "remedy" or not self._standing:
            return ""
        *_, newest = self._standing.values()
        return self._treat(newest, live=False)

    @property
    def lost(self) -> str:
        """The trouble for which the networks learn nothing any more, by code; empty if they do."""
        lost = (code for code, alert in self._standing.items() if severity(alert) == "failure")
        return next(lost, "")

    def spared(self) -> set[Path]:
        """Return the checkpoint that must stay: the newest from before a grave trouble."""
        until = self._changes.step
        if not self._standing:
            until -= UNSURE_STEPS
            if self._changes.config.on_alert != "remedy":
                return set()
        healthy = [step for step in self._healthy if step <= until]
        return {self._run.checkpoint_path(step) for step in healthy[-1:]}

    def _apply(self, alert: AlertRecord, remedy: Remedy) -> None:
        """Apply a remedy where the run stands, and say what for."""
        step = self._changes.step
        self._next_remedy = step + SETTLING_STEPS
        self._tried.setdefault(alert.code, []).append(remedy.id)
        message = f"The doctor tries {_in_words(remedy)}. {_reason(alert)}"
        self._journal.write(AlertRecord(step=step, code="remedy", message=message))
        for key, value in remedy.settings.items():
            self._changes.make(remedy_id(alert.code, remedy.id, step, key), key, value)

    def _treat(self, alert: AlertRecord, *, live: bool = True) -> str | Rewind:
        """Take the next remedy for a trouble in which a run learns nothing; see `act`."""
        whole = {step_of(path) or 0: path for path in checkpoints.whole(self._run.checkpoints)}
        healthy = max((step for step in self._healthy if step in whole), default=None)
        began, first = self._beginning()
        to = first if healthy is None else healthy
        base = began if to == first else read_meta(whole[to]).config
        offered: list[tuple[Remedy, int | None, RunConfig]] = []
        if live:
            under = self._config
            offered += [(each, None, under) for each in self._left(alert, under) if each.live]
        for anew, place, under in ((False, to, base), (True, 0, began)):
            if (place or first) and (anew or place not in whole):
                continue  # A branch has no beginning of its own but its parent's checkpoint.
            for remedy in self._left(alert, under):
                if FIXED.isdisjoint(remedy.settings) != anew:
                    offered.append((remedy, place, under))
        if not offered:
            return self._give_up(alert, healthy or 0, list(whole))
        # What has cured others comes first, and of that what goes on from the latest step.
        remedy, at, under = min(offered, key=lambda each: not proven(alert.code, each[0].id))
        if at is None:
            self._apply(alert, remedy)
            return ""
        keeps = healthy if healthy is not None and healthy > at else -1
        return self._rewind(alert, at, under, remedy, keeps=keeps)

    def _left(self, alert: AlertRecord, config: RunConfig) -> list[Remedy]:
        """Return the remedies under `config` that were not tried, here or in vain on others."""
        tried, code = self._tried.get(alert.code, []), alert.code
        offered = [each for each in remedies(code, config) if each.id not in tried]
        return [remedy for remedy in offered if proven(code, remedy.id) is not False]

    def _beginning(self) -> tuple[RunConfig, int]:
        """Return with which configuration and at which step the run began."""
        opening = next(records_of(self._run.journal, OpeningRecord))
        return config_of(opening, self._run), opening.step

    def _rewind(
        self,
        alert: AlertRecord,
        to: int,
        base: RunConfig,
        remedy: Remedy | None,
        *,
        keeps: int = -1,
        aside: bool = False,
    ) -> Rewind:
        step = self._changes.step
        if remedy is None:
            tried = ", ".join(self._tried.get(alert.code, [])) or "there is none"
            does = f"No remedy has helped ({tried}), so the run ends with its best checkpoint"
        else:
            base = msgspec.structs.replace(base, **remedy.settings)
            does = f"The doctor tries {_in_words(remedy)}"
        began, _ = self._beginning()
        found = Rewind(
            to=to,
            settings={
                name: getattr(base, name)
                for name in FIELDS
                if getattr(base, name) != getattr(began, name)
            },
            trouble=alert.code,
            remedy=remedy.id if remedy else "",
            story=f"Rewound from step {step:,} to step {to:,}. {does}. {_reason(alert)}",
            keeps=keeps,
            aside=aside,
        )
        identity = remedy_id(alert.code, found.remedy, step, REWIND)
        self._journal.write(found.record(step, identity))
        self._journal.sync()
        return found

    def _give_up(self, alert: AlertRecord, healthy: int, whole: list[int]) -> str | Rewind:
        """End the run at its last healthy checkpoint, or else at the one with the most variety."""
        aside = checkpoints.healthy_aside(self._run.checkpoints)
        best = healthy or max(aside, default=0)
        if not best:
            best = max(whole, key=lambda step: self._varied.get(step, 0.0), default=0)
        if not best:
            return f"by the doctor, for no remedy has helped ({_reason(alert).rstrip('.')})"
        return self._rewind(
            alert, best, self._beginning()[0], None, aside=not healthy and best in aside
        )


def _in_words(remedy: Remedy) -> str:
    settings = ", ".join(f"{key} {value}" for key, value in remedy.settings.items())
    return f"{remedy.id}: {settings}"


def _reason(alert: AlertRecord) -> str:
    return f"At step {alert.step:,}: {alert.message}"
