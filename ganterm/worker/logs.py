"""Logs of a run for other tools while it trains: each by a process beside it, from its journal.

Whatever becomes of such a process, training goes on. It ends when its run does, or whoever trains
it is gone, and tells how far it came, so that the next one goes on from there.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from ganterm.core.errors import ExitCode, GantermError, WorkerError
from ganterm.core.files import open_to_append, storage_trouble
from ganterm.core.records import EndRecord, OpeningRecord
from ganterm.exchange.exporters import Passing, log_target
from ganterm.runs.journal import JournalTail
from ganterm.runs.launch import WorkerProcess
from ganterm.runs.layout import RunDir
from ganterm.worker.commands import LastWords

if TYPE_CHECKING:
    from ganterm.worker.trouble import Extras

LOOK_SECONDS: Final = 1.0
"""How often the journal is looked at."""
_NICE: Final = 10
_WIDTH: Final = 80


class LogProcesses:
    """The processes that log a run, started by the one that trains it.

    What one of them fails of, the run's journal tells once.
    """

    def __init__(self, run: RunDir, targets: Sequence[str], extras: Extras, step: int) -> None:
        self._extras = extras
        self._running: dict[str, WorkerProcess] = {}
        for target in targets:
            with self._attempt(target, step), os.fdopen(open_to_append(run.log), "ab") as log:
                self._running[target] = WorkerProcess.started(
                    str(run.path.absolute()), target, str(os.getpid()), log=log, module=__name__
                )

    def check(self, step: int) -> None:
        """Tell of those that have failed meanwhile; raises `OSError` as `Extras.attempt`."""
        for target, process in [*self._running.items()]:
            if process.poll() is not None:
                del self._running[target]
                with self._attempt(target, step):
                    if process.returncode:
                        raise WorkerError(process.why or f"it ended with {process.returncode}")

    def _attempt(self, target: str, step: int) -> contextlib.AbstractContextManager[None]:
        return self._extras.attempt("log-to", f"Logging to {target}", step)


def main() -> NoReturn:
    """Log the run named on the command line until it ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="directory of the run")
    parser.add_argument("target", help="TOOL[:WHERE]")
    # Whoever started this may be gone before it has begun.
    parser.add_argument("parent", type=int, help="process that trains it")
    parser.add_argument("--last-words", type=int, help="descriptor to say at the end why")
    arguments = parser.parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    words = LastWords(arguments.last_words)
    os.nice(_NICE)
    try:
        log_run(RunDir(arguments.run), arguments.target, arguments.parent)
    except GantermError as error:
        words.say(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        words.say(str(storage_trouble(error, arguments.run)))
        sys.exit(ExitCode.TRAINING)
    except Exception as error:
        words.say(f"{type(error).__name__}: {error}".splitlines()[0])
        raise
    sys.exit()


def log_run(run: RunDir, target: str, parent: int) -> None:
    """Log a run that the process `parent` trains until it has ended or that process is gone.

    Of two for one log the later one waits. What is passed on is counted before, so that whatever
    interrupts this, nothing is passed on twice.

    Raises:
        GantermError: the tool is not there, or does not take the run.
        OSError: the log cannot be written.
    """
    exporter, place = log_target(target)
    kept = exporter.keeps(run, place)
    kept.mkdir(parents=True, exist_ok=True)
    name = target.partition(":")[0]
    with contextlib.closing(_Place(kept / f"log-to-{name}.json")) as marked:
        tail, passing = JournalTail(run.journal), Passing(run, exporter, place, live=True)
        numbers, told = count(1), marked.read()
        begun = over = False
        while True:
            last = over or os.getppid() != parent
            for record in tail.each():
                number = next(numbers)
                if number == 1 and record.time != told[0]:
                    told = (record.time, 0)
                if number > told[1]:
                    marked.write(told[0], number)
                passing.take(record, told=number <= told[1])
                if isinstance(record, OpeningRecord):
                    begun, over = begun or record.pid == parent, False
                over = over or (begun and isinstance(record, EndRecord))
            if last:
                break
            time.sleep(LOOK_SECONDS)
        passing.close()


class _Place:
    """A file that tells how far a log is, held by whoever writes it: when its run began, a number.

    It is overwritten in one piece, for it is written often.
    """

    def __init__(self, path: Path) -> None:
        """Wait until no other process holds it."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC)
        with contextlib.suppress(OSError):  # A file system may have no locks.
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def read(self) -> tuple[float, int]:
        try:
            told = json.loads(os.pread(self._descriptor, _WIDTH, 0))
            return float(told["began"]), int(told["records"])
        except (ValueError, KeyError, TypeError):
            return 0.0, 0

    def write(self, began: float, records: int) -> None:
        line = json.dumps({"began": began, "records": records}).ljust(_WIDTH - 1) + "\n"
        os.pwrite(self._descriptor, line.encode(), 0)

    def close(self) -> None:
        os.close(self._descriptor)
