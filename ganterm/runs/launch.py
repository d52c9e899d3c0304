"""Starting a worker: a process in a session of its own that outlives whoever started it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final, cast

from ganterm.core.directory import naming
from ganterm.core.errors import ExitCode, GantermError, WorkerError
from ganterm.core.files import open_to_append, read_tail, storage_trouble
from ganterm.core.importpath import safe_environment, safe_path
from ganterm.runs.layout import RunDir
from ganterm.runs.status import Status, read_status

# The launcher's own search path is set before anything is imported (`sys` is built in), because
# `-c` puts the current directory first where Python is older than 3.11 (`safe_environment`).
_BOOTSTRAP = (
    "import sys; sys.path[:] = sys.argv.pop(1).split(chr(10)); "
    "from importlib import import_module; import_module(sys.argv.pop(1)).main()"
)

WORKER: Final = "ganterm.worker.__main__"
STANDBY: Final = "ganterm.worker.standby"

START_SECONDS = 60.0
"""How long a worker may take to report itself; it does so before it imports PyTorch."""


class WorkerProcess(subprocess.Popen[bytes]):
    """A worker, which says why it ends through a pipe: the disk of its log may be full."""

    _heard = -1
    _told = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Start a process, as `Popen` does; `started` starts a worker."""
        self._lines: list[str] = []
        super().__init__(*arguments, **options)

    @classmethod
    def started(
        cls, *arguments: str, log: IO[bytes], module: str = WORKER, stdin: int = subprocess.DEVNULL
    ) -> WorkerProcess:
        """Start a worker with these arguments; raises `OSError` where that cannot be."""
        heard, said = os.pipe()
        try:
            command, environment = command_of(module, *arguments, f"--last-words={said}")
            process = cls(
                command,
                env=environment,
                stdin=stdin,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(said,),
            )
        except BaseException:
            os.close(heard)
            raise
        finally:
            os.close(said)
        os.set_blocking(heard, False)
        process._heard = heard
        return process

    def last_words(self) -> list[str]:
        """Return the lines that it has said through the pipe since they were last asked for."""
        self._listen()
        lines, self._told = self._lines[self._told :], len(self._lines)
        return lines

    @property
    def why(self) -> str:
        """Why it ends, the last that it has said through the pipe; empty before."""
        self._listen()
        return self._lines[-1] if self._lines else ""

    def _listen(self) -> None:
        with contextlib.suppress(BlockingIOError):
            said = os.read(self._heard, 1 << 16)
            self._lines += said.decode("utf-8", "replace").splitlines()

    def __del__(self) -> None:
        """Close the pipe."""
        heard, self._heard = self._heard, -1
        if heard >= 0:
            os.close(heard)
        super().__del__()


class Standby:
    """A worker that has PyTorch imported already and waits to be given a run.

    It ends with whoever keeps it. `close` ends one that was given none.
    """

    def __init__(self, *arguments: str, log: IO[bytes]) -> None:
        """Start it; `log` takes what it prints before it has a run. Raises `OSError`."""
        self.process = WorkerProcess.started(
            *arguments, log=log, module=STANDBY, stdin=subprocess.PIPE
        )
        self._devices: tuple[str, ...] = ()

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that training can be put on, the usual one first; none before it is ready."""
        for line in self.process.last_words():
            self._devices = self._devices or tuple(line.split())
        return self._devices

    def become(self, *arguments: str, log: Path, environment: Mapping[str, str]) -> WorkerProcess:
        """Have it work as a worker with these arguments, printing to `log`.

        Raises:
            WorkerError: it has ended.
        """
        order = {"arguments": arguments, "log": str(log.absolute()), "environment": environment}
        try:
            with cast("IO[bytes]", self.process.stdin) as stdin:
                stdin.write(json.dumps({**order}).encode() + b"\n")
        except OSError:
            raise WorkerError("The worker that stood by has ended.") from None
        return self.process

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


_STARTED: Final[dict[Path, WorkerProcess]] = {}


def why_it_ends(run: RunDir, pid: int) -> str:
    """Return why a worker ends that this process started for `run`; nothing if it is unknown."""
    process = _STARTED.get(run.path.absolute())
    return process.why if process and process.pid == pid else ""


def start_worker(
    run: RunDir,
    arguments: Sequence[str] = (),
    *,
    standby: Standby | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> WorkerProcess:
    """Start the worker of `run` and wait until it holds the run.

    `arguments` are the worker's own options. What it prints goes to the run's log. One that stands
    by begins at once; `environment` is what it has besides its own.

    Raises:
        TrainingError: the run's log cannot be written.
        GantermError: the worker ended at once; the message is its own last line, and
            `exit_code` its exit code.
    """
    started_by = f"--started-by={json.dumps(sys.argv)}"
    before = read_status(run.status)
    try:
        with naming(run.log), os.fdopen(open_to_append(run.log), "ab") as log:
            begin = log.tell()
            words = (str(run.path.absolute()), started_by, *arguments)
            if standby is not None:
                process = standby.become(*words, log=run.log, environment=environment)
            else:
                process = WorkerProcess.started(*words, log=log)
    except OSError as error:
        raise storage_trouble(error, run.log) from error
    _wait_until_it_reports(process, run, before, begin)
    _STARTED[run.path.absolute()] = process
    return process


def spawn(module: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Run `main()` of one of our modules in a process of its own; `options` are those of `Popen`.

    It imports what this process would import, wherever it is started, and nothing from there.
    Raises `OSError` where no process can be started.
    """
    command, environment = command_of(module, *arguments)
    return subprocess.Popen(command, env=environment, **options)  # noqa: S603 - our own, no shell


def command_of(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the command and the environment of a process that runs `main()` of our module."""
    command = [sys.executable, "-c", _BOOTSTRAP, "\n".join(safe_path()), module, *arguments]
    return command, {**safe_environment(), "PYTHONUNBUFFERED": "1"}


def log_tail(run: RunDir, lines: int = 10, *, begin: int = 0) -> list[str]:
    """Return the last lines the worker printed, from byte `begin` of its log on."""
    try:
        text = read_tail(run.log, 1 << 16, begin=begin).decode("utf-8", "replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-lines:]


def _wait_until_it_reports(
    process: WorkerProcess, run: RunDir, before: Status | None, begin: int
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        status = read_status(run.status)
        # An earlier worker may have had the same process id, in a container above all.
        if status is not None and status != before and status.pid == process.pid:
            return
        if (code := process.poll()) is not None:
            raise _early_end(code, process.last_words()[-1:] or log_tail(run, 1, begin=begin))
        time.sleep(0.02)
    process.terminate()
    raise WorkerError(f"The worker did not start within {START_SECONDS:.0f} s; see {run.log}.")


def _early_end(code: int, last: list[str]) -> GantermError:
    words = last[0] if last else f"The worker ended at once with exit code {code}."
    error = WorkerError(words)
    if code in {item.value for item in ExitCode}:
        error.exit_code = ExitCode(code)
    return error
