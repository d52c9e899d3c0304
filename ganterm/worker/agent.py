"""The agent of a run that several processes train: torchrun's own, in the worker's process.

It holds the run's lock, starts the processes, and looks after them: where one dies or hangs it ends
the others, says which it was, and starts all from the last checkpoint or ends the run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

from torch.distributed.elastic.agent.server.api import (
    RunResult,
    WorkerGroup,
    WorkerSpec,
    WorkerState,
)
from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure
from torch.distributed.elastic.rendezvous import RendezvousParameters
from torch.distributed.elastic.rendezvous.registry import get_rendezvous_handler

from ganterm.config import RunConfig
from ganterm.core.errors import ExitCode
from ganterm.core.records import AlertRecord, EndRecord
from ganterm.runs import checkpoints
from ganterm.runs.journal import JournalWriter, read_end
from ganterm.runs.launch import command_of
from ganterm.runs.layout import RunDir, step_of
from ganterm.runs.status import Status, read_status, write_status
from ganterm.worker.beats import HOME, heart_of, stop_of, verdict_of
from ganterm.worker.commands import LastWords, StopFlag

HUNG_SECONDS: Final = 20.0
"""How long a process may show no life."""
_GAP_SECONDS: Final = 5.0
"""Time between two looks from which on it was the agent, or the machine, that stood still."""
_LOOK_SECONDS: Final = 0.2
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PARTING_SECONDS: Final = 30.0
"""How long the others may take to end once the run has."""


def supervise(
    run: RunDir,
    config: RunConfig,
    arguments: Sequence[str],
    *,
    status: Status,
    stop: StopFlag,
    words: LastWords,
) -> ExitCode:
    """Train `run`, whose lock this process holds, in as many processes as `config` says.

    `arguments` are the worker's own, and `stop` may be true already. Returns how the run ended;
    `words` says why.
    """
    with tempfile.TemporaryDirectory(prefix="ganterm-") as folder:
        home = Path(folder)
        # Its handlers would end the processes where a signal only asks the first one to stop.
        os.environ |= {HOME: folder, "TORCHELASTIC_SIGNALS_TO_HANDLE": "SIGQUIT"}
        agent = Agent(run, config, arguments, home)
        signal.signal(signal.SIGTERM, agent.stop)
        if stop:
            stop_of(home).touch()
        agent.run()
        if not verdict_of(home).exists():
            return _end(run, agent.story, status, words)
        code, said = json.loads(verdict_of(home).read_text())
    if said:
        words.say(said)
    return ExitCode(code)


class Agent(LocalElasticAgent):
    """Starts the processes of a run and starts all of them again where one fails.

    Attributes:
        story: which process failed last, and how.
    """

    def __init__(
        self, run: RunDir, config: RunConfig, arguments: Sequence[str], home: Path
    ) -> None:
        command, _ = command_of("ganterm.worker.ranks", *arguments)
        handler = get_rendezvous_handler(
            RendezvousParameters(
                backend="c10d",
                endpoint="localhost:0",
                run_id=str(uuid.uuid4()),
                min_nodes=1,
                max_nodes=1,
                local_addr="localhost",
            )
        )
        spec = WorkerSpec(
            role="ganterm",
            local_world_size=config.processes,
            entrypoint=command[0],
            args=tuple(command[1:]),
            rdzv_handler=handler,
            max_restarts=config.max_restarts,
            monitor_interval=_LOOK_SECONDS,
        )
        super().__init__(spec, DefaultLogsSpecs(log_dir=str(home)))
        self.story = "The processes could not be started."
        self._run = run
        self._home = home
        self._hung: set[int] = set()
        self._lives: dict[int, tuple[float, float]] = {}
        self._looked = time.monotonic()

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Have the first process stop the run, with a checkpoint."""
        stop_of(self._home).touch()

    def _start_workers(self, worker_group: WorkerGroup) -> dict[int, Any]:
        self._hung.clear()
        self._lives.clear()
        for worker in worker_group.workers:
            heart_of(self._home, worker.global_rank).touch()
        ours = {number: signal.getsignal(number) for number in _SIGNALS}
        found: dict[int, Any] = super()._start_workers(worker_group)
        # PyTorch before 2.8 puts handlers of its own in their place, whatever it is told.
        for number, handler in ours.items():
            signal.signal(number, handler)
        return found

    def _monitor_workers(self, worker_group: WorkerGroup) -> RunResult:
        self._end_hung({worker.global_rank: worker.id for worker in worker_group.workers})
        result: RunResult = super()._monitor_workers(worker_group)
        if result.state == WorkerState.FAILED:
            self.story = self._story(result.failures)
        ended = verdict_of(self._home)
        if ended.exists() and (
            result.state == WorkerState.FAILED
            or time.time() - ended.stat().st_mtime > _PARTING_SECONDS
        ):
            self._stop_workers(worker_group)
            returned = dict.fromkeys(worker.global_rank for worker in worker_group.workers)
            return RunResult(state=WorkerState.SUCCEEDED, return_values=returned)
        return result

    def _restart_workers(self, worker_group: WorkerGroup) -> None:
        self._stop_workers(worker_group)
        most = worker_group.spec.max_restarts
        self._tell(
            f"{self.story} All start again from the last checkpoint (restart "
            f"{most - self._remaining_restarts} of {most})."
        )
        super()._restart_workers(worker_group)

    def _tell(self, message: str) -> None:
        """Write an alert; the first process, whose journal it is, has ended."""
        with JournalWriter(self._run.journal) as journal:
            journal.write(
                AlertRecord(step=_last_step(self._run), code="processes", message=message)
            )

    def _end_hung(self, processes: Mapping[int, int]) -> None:
        """Kill processes that show no life: one that stands still answers nothing else."""
        now = time.monotonic()
        rested, self._looked = now - self._looked > _GAP_SECONDS, now
        for rank, pid in processes.items():
            beat = heart_of(self._home, rank).stat().st_mtime
            known, since = self._lives.get(rank, (0.0, now))
            if beat != known or rested:
                self._lives[rank] = beat, now
            elif now - since > HUNG_SECONDS and rank not in self._hung:
                self._hung.add(rank)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _story(self, failures: Mapping[int, ProcessFailure]) -> str:
        """Say which process failed first: those it took along say so by their exit code."""
        first = {n: each for n, each in failures.items() if each.exitcode != ExitCode.WORKER}
        for rank, failure in (first or failures).items():
            who = f"Process {rank} (pid {failure.pid})"
            if rank in self._hung:
                return f"{who} showed no life for {HUNG_SECONDS:.0f} s and was ended."
            if failure.exitcode < 0:
                signalled = failure.signal_name()
                maybe = ", as it is where memory runs out" if signalled == "SIGKILL" else ""
                return f"{who} was killed by {signalled}{maybe}."
            if Path(failure.error_file).is_file():
                return f"{who} failed: {failure.message}"
            return f"{who} ended with exit code {failure.exitcode}."
        return "A process failed."


def _last_step(run: RunDir) -> int:
    found = read_end(run.journal)
    return found[-1].step if found else 0


def _end(run: RunDir, story: str, status: Status, words: LastWords) -> ExitCode:
    """Write that the run ended with a process of it, and what to do; return the exit code."""
    path, _ = checkpoints.newest_valid(run.checkpoints)
    step = 0 if path is None else step_of(path) or 0
    message = (
        f"{story} The others cannot go on without it; `ganterm resume {run.word}` goes on from "
        f"step {step:,}, with other --processes too."
    )
    code = ExitCode.TRAINING
    with JournalWriter(run.journal) as journal:
        last = _last_step(run)
        journal.write(EndRecord(step=last, reason="failed", message=message, exit_code=int(code)))
        journal.sync()
    ended: dict[str, Any] = {
        "state": "failed",
        "step": last,
        "message": message,
        "updated": time.time(),
    }
    write_status(run.status, dataclasses.replace(read_status(run.status) or status, **ended))
    words.say(message)
    return code
