"""The live changes of a run as its journal tells them, so that they can be made again.

A run that goes on from an earlier checkpoint, or is repeated from its journal, makes every change
again at the step at which it was made, and so trains exactly as before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ganterm.core.records import ControlRecord, OpeningRecord, PendingChange, Record


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
