"""The settings in force while a run trains, and how the last change of them is taken back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Final

import msgspec

from ganterm.core.records import ControlRecord, OpeningRecord, PendingChange, Record, StartRecord
from ganterm.core.registry import learn

REWIND: Final = "rewind"
"""Name of the control record by which a run is to go on from an earlier step."""
AUTOMATIC: Final = "auto-"
"""How the ids of changes begin that a worker makes for the machine's sake."""


@dataclass(frozen=True, slots=True)
class LiveChange:
    """A setting that was changed while the run trained, with its values before and after.

    `automatic` says that nobody asked for it, so that nobody takes it back.
    """

    step: int
    key: str
    before: Any
    after: Any
    automatic: bool = False


@dataclass(frozen=True)
class LiveSettings:
    """The settings of a run as its journal tells them up to a record.

    Attributes:
        config: those in force; empty before a worker has begun.
        start_config: those it began with.
        changes: the changes in force, in order.
        change: the one that the record tells of, if any.
    """

    config: dict[str, Any] = field(default_factory=dict)
    start_config: dict[str, Any] = field(default_factory=dict)
    changes: tuple[LiveChange, ...] = ()
    change: LiveChange | None = None

    def after(self, record: Record) -> LiveSettings:
        """Return the settings after the next record of the journal."""
        if isinstance(record, OpeningRecord):
            return self._begun(record)
        if not (isinstance(record, ControlRecord) and record.key and not record.error):
            return self if self.change is None else replace(self, change=None)
        key, value = record.key, record.args.get("value")
        automatic = record.id.startswith(AUTOMATIC)
        change = LiveChange(record.step, key, self.config.get(key), value, automatic)
        config = {**self.config, key: value}
        return replace(self, config=config, changes=(*self.changes, change), change=change)

    def _begun(self, record: OpeningRecord) -> LiveSettings:
        config = dict(record.config) or self.config
        if isinstance(record, StartRecord):
            learn(record.components)
            return replace(self, config=config, start_config=config, change=None)
        # What the state it goes on from has not seen is taken back.
        kept = self.changes[: record.controls]
        kept = tuple(each for each in kept if each.step <= record.step)
        return replace(self, config=config, changes=kept, change=None)


def live_settings(records: Iterable[Record]) -> LiveSettings:
    """Return the settings of a run from all records of its journal, in their order."""
    return reduce(LiveSettings.after, records, LiveSettings())


class Rewind(msgspec.Struct, frozen=True):
    """That a run goes on from an earlier step under other settings, as its doctor has decided.

    Attributes:
        to: that step; 0 begins anew.
        settings: what differs there from the settings that the run began with.
        trouble: code of the trouble it is for; `remedy`: what is tried, empty where the run ends.
        story: what was found and is done, in sentences.
        keeps: step of a sound checkpoint beyond `to` that is set aside, not removed; -1 for none.
        aside: whether the checkpoint it goes on from is one that was set aside.
        pending: whether no worker has gone on from there yet.
    """

    to: int
    settings: dict[str, Any]
    trouble: str
    remedy: str
    story: str
    keeps: int = -1
    aside: bool = False
    pending: bool = True

    def record(self, step: int, identity: str) -> ControlRecord:
        """Return what the journal says of it."""
        args = msgspec.structs.asdict(self)
        del args["pending"]
        return ControlRecord(step=step, id=identity, name=REWIND, args=args)


def last_rewind(records: Iterable[Record]) -> Rewind | None:
    """Return the last rewinding in all records of a journal; None where there is none."""
    found = None
    for record in records:
        if isinstance(record, ControlRecord) and record.name == REWIND:
            with contextlib.suppress(msgspec.ValidationError):
                found = msgspec.convert(record.args, Rewind)
        elif found is not None and isinstance(record, OpeningRecord):
            found = msgspec.structs.replace(found, pending=False)
    return found


def to_undo(changes: Sequence[LiveChange]) -> LiveChange | None:
    """Return the change that an undo takes back: the last that was not taken back already."""
    standing: list[LiveChange] = []
    for change in (each for each in changes if not each.automatic):
        last = standing[-1] if standing else None
        if last and (last.key, last.before, last.after) == (
            change.key,
            change.after,
            change.before,
        ):
            standing.pop()
        else:
            standing.append(change)
    return standing[-1] if standing else None


@dataclass
class AppliedChanges:
    """The changes of a run in the order in which they took effect.

    Attributes:
        applied: every change in force.
        pending: changes that were to be made again when the worker ended, in order.
    """

    applied: list[PendingChange] = field(default_factory=list)
    pending: list[PendingChange] = field(default_factory=list)

    def after(self, applied: int) -> list[PendingChange]:
        """Return what a state that has seen the first `applied` changes is still to be given."""
        return self.applied[applied:] + self.pending


def steering(records: Iterable[Record]) -> AppliedChanges:
    """Gather the live changes of a run from all records of its journal, in their order."""
    found = AppliedChanges()
    for record in records:
        if isinstance(record, OpeningRecord):
            found.applied = found.applied[: record.controls or 0]
            found.pending = list(record.pending)
        elif isinstance(record, ControlRecord) and record.name == "set":
            change = PendingChange(record.id, record.step, record.args)
            if found.pending and _is_again(change, found.pending[0]):
                found.pending.pop(0)
            if not record.error:
                found.applied.append(change)
    return found


def _is_again(change: PendingChange, earlier: PendingChange) -> bool:
    """Tell whether `change` is `earlier` made again; hand-made ids may come more than once."""
    return (change.id, change.args) == (earlier.id, earlier.args)
