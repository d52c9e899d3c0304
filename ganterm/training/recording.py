"""Where a step's measurements go for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ganterm.training.step import GanStep, Record


@contextmanager
def recording_into(step: GanStep, record: Record) -> Iterator[None]:
    """Have `step` hand what it measures to `record` in the meantime."""
    before, step.record = step.record, record
    try:
        yield
    finally:
        step.record = before
