"""The live changes of a run as its journal tells them, so that they can be made again.

A run that goes on from an earlier checkpoint, or is repeated from its journal, makes every change
again at the step at which it was made, and so trains exactly as before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ganterm.runs.records import Record


@dataclass
class Steering:
    """The changes of a run in the order in which they took effect.

    Attributes:
        applied: `{"id", "step", "args"}` of every change in force.
        pending: changes that were to be made again when the worker ended, in order.
    """

    applied: list[dict[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)

    def after(self, applied: int) -> list[dict[str, Any]]:
        """Return what a state that has seen the first `applied` changes is still to be given."""
        return self.applied[applied:] + self.pending


def steering(records: Iterable[Record]) -> Steering:
    """Gather the live changes of a run from all records of its journal, in their order."""
    found = Steering()
    for record in records:
        if record["kind"] in {"start", "resume"}:
            found.applied = found.applied[: record.get("controls", 0)]
            found.pending = list(record.get("pending", []))
        elif record["kind"] == "control" and record["name"] == "set":
            change = {key: record[key] for key in ("id", "step", "args")}
            if found.pending and _is_again(change, found.pending[0]):
                found.pending.pop(0)
            if not record["error"]:
                found.applied.append(change)
    return found


def _is_again(change: dict[str, Any], earlier: dict[str, Any]) -> bool:
    """Tell whether `change` is `earlier` made again; hand-made ids may come more than once."""
    return all(change[key] == earlier[key] for key in ("id", "args"))
