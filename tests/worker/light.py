"""A supervisor as it is, whose workers train nothing and so are quick to start.

With `QUEUE_WORKERS=real` in its environment they train. A run may be started as often as it likes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from ganterm.client import queueing
from ganterm.core.records import OpeningRecord
from ganterm.runs import launch
from ganterm.runs.journal import JournalWriter, records_of
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import LockHeld, WorkerLock
from ganterm.runs.queue import read_ticket
from ganterm.runs.status import Status, write_status
from ganterm.worker import supervisor
from tests.records import record

STEPS = 8
STEP_SECONDS = 0.01


def main() -> None:
    """Be the supervisor, or one who stands by, as the command line says."""
    queueing.SUPERVISOR = "tests.worker.light"  # type: ignore[misc]
    if sys.argv[-1].startswith("--last-words="):
        stand_by()
        return
    supervisor.MOST_STARTS = 1000  # type: ignore[misc]
    supervisor.ROUND_SECONDS = 0.1  # type: ignore[misc]
    if os.environ.get("QUEUE_WORKERS") != "real":
        launch.STANDBY = "tests.worker.light"  # type: ignore[misc]
    supervisor.main()


def stand_by() -> None:
    """Wait for a run and pretend to train it."""
    *others, last_words = sys.argv[1:]
    os.write(int(last_words.partition("=")[2]), b"cpu\n")
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        queueing.wake(Path(others[0].partition("=")[2]))
        return
    run = RunDir(Path(json.loads(line)["arguments"][0]))
    try:
        with WorkerLock(run.lock):
            if read_ticket(run) is not None:
                train(run)
    except LockHeld:
        sys.exit(4)
    finally:
        queueing.wake(run.path.parent)


def train(run: RunDir) -> None:
    """Begin, or go on after the last step in the journal, and end."""
    with JournalWriter(run.journal) as journal:
        before = list(records_of(run.journal, OpeningRecord))
        kind = "resume" if before else "start"
        write_status(run.status, Status(state="starting", step=len(before), steps=STEPS))
        journal.write(record(kind, len(before), time.time(), config={}, pid=os.getpid()))
        for _ in range(STEPS):
            time.sleep(STEP_SECONDS)
        journal.write(record("end", STEPS, time.time(), reason="finished", message="", exit_code=0))
        journal.sync()


if __name__ == "__main__":
    main()
