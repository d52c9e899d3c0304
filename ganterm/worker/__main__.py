"""The worker process: `python -m ganterm.worker RUN`. Started by `ganterm.runs.launch`.

It takes the run's lock and finds out what to do before it imports PyTorch, so that whoever started
it knows at once whether it can.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ganterm.client.queueing import wake
from ganterm.core.errors import (
    ExitCode,
    GantermError,
    PeerLostError,
    WorkerError,
    missing_library,
)
from ganterm.core.files import storage_trouble
from ganterm.core.parts import PartError
from ganterm.render.text import safe_text
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, make_ready
from ganterm.runs.lock import LentLock, WorkerLock
from ganterm.runs.queue import read_ticket
from ganterm.runs.status import Status, read_status, write_status
from ganterm.worker.beats import stop_of
from ganterm.worker.commands import LastWords, StopFlag
from ganterm.worker.job import prepare

if TYPE_CHECKING:
    from ganterm.engine.parallel import Group


class SafeLog(io.TextIOWrapper):
    """The worker's log, in which nothing foreign steers the terminal it is shown on."""

    def write(self, text: str) -> int:
        """Write `text` with its control characters written out, but for the line feeds."""
        return super().write(safe_text(text, newline=True))


def main() -> NoReturn:
    """Work on the run named on the command line and exit with one of `ExitCode`."""
    arguments = _arguments()
    # Losing the terminal must not end training, wherever the worker was started from.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = StopFlag(signal.SIGTERM)
    run = RunDir(arguments.run)
    words, lock = LastWords(arguments.last_words), WorkerLock(run.lock)
    try:
        code = _outcome(run, words, lambda: _work(run, arguments, stop, words, lock=lock))
    finally:
        # Should its supervisor have died, the queue goes on with this run's end.
        wake(run.path.parent)
    raise SystemExit(code)


def work_of_first(home: Path | None, join: Callable[[], Group]) -> tuple[ExitCode, str]:
    """Work on the run as the first of several processes, which `join` brings together.

    `home` is the folder of our own agent, which holds the run's lock then. Returns how the run
    ended, and what is to be said of it. What ends a process but not the run is raised.
    """
    arguments = _arguments()
    stop = StopFlag(file=stop_of(home)) if home else StopFlag(signal.SIGTERM)
    run = RunDir(arguments.run)
    words = LastWords(arguments.last_words)
    group = join()

    def work() -> ExitCode:
        lock = WorkerLock(run.lock) if home is None else LentLock(run.lock)
        try:
            return _work(run, arguments, stop, words, lock=lock, group=group)
        finally:
            if group.listens:
                with contextlib.suppress(PeerLostError):
                    group.tell()

    return _outcome(run, words, work), words.said


def _outcome(run: RunDir, words: LastWords, work: Callable[[], ExitCode]) -> ExitCode:
    """Return how `work` ends, and say why where it does with an error for the user."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        setattr(sys, name, SafeLog(stream.buffer, stream.encoding, line_buffering=True))
    try:
        return work()
    except GantermError as error:
        if isinstance(error, PeerLostError):
            raise
        if isinstance(error, PartError):
            traceback.print_exception(error.__context__)
        code = error.exit_code
        words.say(str(error))
    except ModuleNotFoundError as error:
        if (trouble := missing_library(error)) is None:
            raise
        code = trouble.exit_code
        words.say(str(trouble))
    except OSError as error:
        code = ExitCode.TRAINING
        words.say(str(storage_trouble(error, run.path)))
    return code


def _work(
    run: RunDir,
    arguments: argparse.Namespace,
    stop: StopFlag,
    words: LastWords,
    *,
    lock: WorkerLock,
    group: Group | None = None,
) -> ExitCode:
    with lock:
        if arguments.queued and read_ticket(run) is None:
            raise WorkerError(f"{run.name} was taken out of the queue.")
        make_ready(run)
        with JournalWriter(run.journal) as journal:
            # What makes no sense is refused before the status tells that the worker is at work.
            job = prepare(
                run,
                repeat=arguments.repeat,
                steps=arguments.steps,
                epochs=arguments.epochs,
                device=arguments.device,
                mode=arguments.mode,
                dataset=arguments.dataset,
                processes=arguments.processes if group is None else group.size,
            )
            before = read_status(run.status)
            status = Status(
                state="starting",
                step=job.step,
                steps=job.config.steps,
                started=time.time(),
                pid=lock.holder_pid,
            )
            write_status(run.status, status)
            if group is not None or job.config.processes == 1:
                from ganterm.worker.session import Session  # noqa: PLC0415 - imports PyTorch

                return Session(
                    run,
                    job,
                    journal=journal,
                    lock=lock,
                    status=status,
                    before=before,
                    stop=stop,
                    command=arguments.started_by,
                    log_to=arguments.log_to,
                    words=words,
                    group=group,
                ).work()
        from ganterm.worker.agent import supervise  # noqa: PLC0415 - imports PyTorch

        given = [each for each in sys.argv[1:] if not each.startswith("--last-words")]
        return supervise(run, job.config, given, status=status, stop=stop, words=words)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ganterm.worker", description=__doc__)
    parser.add_argument("run", type=Path, help="directory of the run")
    parser.add_argument("--repeat", type=Path, help="run whose live changes are made again")
    parser.add_argument("--steps", type=int, help="new length in steps")
    parser.add_argument("--epochs", type=int, help="new length in epochs")
    parser.add_argument("--device", help="another device than the run began on")
    parser.add_argument("--mode", help="another mode than the run began in")
    parser.add_argument("--dataset", help="place where the run's images are now")
    parser.add_argument("--processes", type=int, help="train in as many processes from now on")
    parser.add_argument("--queued", action="store_true", help="only while it is queued")
    parser.add_argument(
        "--log-to", action="append", default=[], help="tool to log to: TOOL[:WHERE]"
    )
    parser.add_argument(
        "--started-by", type=json.loads, default=sys.argv, help="command line, as a JSON array"
    )
    parser.add_argument("--last-words", type=int, help="descriptor to say at the end why")
    return parser.parse_args()


if __name__ == "__main__":
    main()
