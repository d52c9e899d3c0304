"""The worker process: `python -m ganterm.worker RUN`. Started by `ganterm.runs.launch`.

It takes the run's lock before it imports PyTorch, so that whoever started it knows at once.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from ganterm.errors import ExitCode, GantermError
from ganterm.runs.durable import remove_stale_temps, storage_trouble
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.status import Status, write_status
from ganterm.worker.signals import StopFlag


def main() -> NoReturn:
    """Work on the run named on the command line and exit with one of `ExitCode`."""
    arguments = _arguments()
    # Losing the terminal must not end training, wherever the worker was started from.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = StopFlag(signal.SIGTERM)
    run = RunDir(arguments.run)
    try:
        code = _work(run, arguments, stop)
    except GantermError as error:
        sys.stderr.write(f"{error}\n")
        code = error.exit_code
    except OSError as error:
        sys.stderr.write(f"{storage_trouble(error, run.path)}\n")
        code = ExitCode.TRAINING
    raise SystemExit(code)


def _work(run: RunDir, arguments: argparse.Namespace, stop: StopFlag) -> ExitCode:
    with WorkerLock(run.lock):
        for directory in (run.path, run.samples, run.checkpoints):
            remove_stale_temps(directory)
        write_status(run.status, Status(state="starting", step=0, steps=0, started=time.time()))
        with JournalWriter(run.journal) as journal:
            from ganterm.worker.session import Session  # noqa: PLC0415 - imports PyTorch

            return Session(run, journal, stop).work(
                repeat=arguments.repeat, steps=arguments.steps, epochs=arguments.epochs
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ganterm.worker", description=__doc__)
    parser.add_argument("run", type=Path, help="directory of the run")
    parser.add_argument("--repeat", type=Path, help="run whose live changes are made again")
    parser.add_argument("--steps", type=int, help="new length in steps")
    parser.add_argument("--epochs", type=int, help="new length in epochs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
