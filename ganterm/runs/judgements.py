"""Judgements in a run's journal, whoever made them and whether or not the run trains."""

from typing import Any

from ganterm.runs import control
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import LockHeld, WorkerLock


def write_judged(run: RunDir, step: int, fields: dict[str, Any]) -> bool:
    """Write a `judged` record of the checkpoint at `step`; `fields` are what the kind adds.

    A run that trains has one writer, its worker, which is handed the record as a command and
    writes it soon: False. Otherwise the record is there at once: True.

    Raises:
        OSError: the run cannot be written.
        ConfigError: the worker takes no such command.
    """
    try:
        with WorkerLock(run.lock), JournalWriter(run.journal) as journal:
            journal.write("judged", step, **fields)
            journal.sync()
    except LockHeld:
        control.post(run.control, "judged", step=step, fields=fields)
        return False
    return True
