"""All metrics of a run, as a table of NumPy columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ganterm.core.records import MetricsRecord, ResumeRecord
from ganterm.runs.columns import MetricsColumns, columns_of
from ganterm.runs.journal import JournalTail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ganterm.runs.layout import RunDir


def metrics_table(run: RunDir) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
    """Return the metrics of `run`, but those that a resume took back, as columns of one length.

    `step` (int64) and `time` (seconds since 1970) come first; then every quantity, NaN where it was
    not measured or not finite. A branch has its own steps only.

    Raises:
        OSError: the journal is there but cannot be read.
    """
    tail = JournalTail(run.journal)
    parts: list[MetricsColumns | ResumeRecord] = []
    while found := tail.read():
        for part in found:
            if isinstance(part, MetricsRecord):
                parts.append(columns_of([part]))
            elif isinstance(part, MetricsColumns | ResumeRecord):
                parts.append(part)
    # From behind: what comes before a resume counts up to the step that it went on from.
    kept: list[tuple[MetricsColumns, NDArray[np.bool_]]] = []
    last = math.inf
    for part in reversed(parts):
        if isinstance(part, ResumeRecord):
            last = min(last, part.step)
        else:
            kept.append((part, np.asarray(part.steps) <= last))
    kept.reverse()
    steps = [np.asarray(part.steps, np.int64)[mask] for part, mask in kept]
    times = [np.asarray(part.times, np.float64)[mask] for part, mask in kept]
    names = dict.fromkeys(name for part, _ in kept for name in part.columns)
    table: dict[str, NDArray[np.float64] | NDArray[np.int64]] = {
        "step": np.concatenate(steps) if steps else np.empty(0, np.int64),
        "time": np.concatenate(times) if times else np.empty(0),
    }
    for name in names:
        table[name] = np.concatenate([_values(part, name)[mask] for part, mask in kept])
    return table


def _values(part: MetricsColumns, name: str) -> NDArray[np.float64]:
    """Return the values of a quantity at all steps of a part, NaN where it has none."""
    found = np.full(len(part.steps), math.nan)
    if name in part.columns:
        column = part.columns[name]
        values = np.array([math.nan if each is None else each for each in column.values])
        steps = np.asarray(part.steps)
        if len(values) == len(steps):
            return values
        order = np.argsort(steps, kind="stable")
        found[order[np.searchsorted(steps[order], np.asarray(column.steps))]] = values
    return found
