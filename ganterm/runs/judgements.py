"""Judgements in a run's journal, whoever made them and whether or not the run trains."""

from ganterm.core.records import JudgedRecord, body_of
from ganterm.runs import control
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import LockHeld, WorkerLock


def write_judged(run: RunDir, record: JudgedRecord) -> bool:
    """Write a judgement down.

    A run that trains has one writer, its worker, which is handed the record as a command and
    writes it soon: False. Otherwise the record is there at once: True.

    Raises:
        OSError: the run cannot be written.
        ConfigError: the worker takes no such command.
    """
    try:
        with WorkerLock(run.lock), JournalWriter(run.journal) as journal:
            journal.write(record)
            journal.sync()
    except LockHeld:
        control.post(run.control, "judged", step=record.step, fields=body_of(record))
        return False
    return True
