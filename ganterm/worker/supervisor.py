"""The queue's supervisor: starts what waits as devices get free, and ends with the last run.

It holds a lock for life, so that there is one of its kind. Whatever it must not forget stands in
the tickets: killed at any moment, the next one goes on where it was.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from ganterm.client.overview import Overview, RunList, by_place
from ganterm.client.queueing import hindrance, needs_supervisor, occupied
from ganterm.core.errors import ExitCode, GantermError, WorkerError
from ganterm.core.files import open_to_append
from ganterm.render.text import safe_text
from ganterm.runs.journal import read_end
from ganterm.runs.launch import Standby, WorkerProcess, start_worker
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import LockHeld, WorkerLock
from ganterm.runs.queue import (
    AUTO,
    MOST_AT_ONCE,
    Queue,
    Ticket,
    devices_of,
    indexed,
    is_for_us,
    read_ticket,
    remove_ticket,
    write_ticket,
)
from ganterm.runs.state import last_life, observe

MOST_STARTS: Final = 5
"""How often a run is started whose worker dies without getting further, or a worker stands by."""
ROUND_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.05
_ROOM_SECONDS: Final = 10.0
_STANDBY_SECONDS: Final = 120.0
_LOG_BYTES: Final = 1 << 20


class Supervisor:
    """Works through the queue of a directory of runs; the process must hold the queue's lock."""

    def __init__(self, queue: Queue, lock: WorkerLock) -> None:
        self._queue = queue
        self._lock = lock
        self._runs = RunList(queue.runs_dir)
        self._workers: dict[RunDir, tuple[WorkerProcess, str]] = {}
        self._standby: Standby | None = None
        self._standby_since = 0.0
        self._lost = 0

    def work(self) -> None:
        """Go on until no run waits and none of the queue's is at work.

        Raises:
            GantermError: no worker can be made ready.
        """
        try:
            while self._lock.intact and self._round():
                self._rest()
        finally:
            self._release_standby()

    def _round(self) -> bool:
        """Look at every run once; return whether anything is left to do or to wait for."""
        runs = self._runs.poll()
        ours = [run for run in runs if run.ticket and is_for_us(run.run, run.ticket)]
        for run in ours:
            ended = run.alive is False and run.state != "queued"
            if ended and run.ticket and run.ticket.waits and run.run not in self._workers:
                self._forget(run)
        waiting = [run for run in by_place(ours) if run.run not in self._workers]
        if waiting:
            self._start_next(waiting, runs)
        else:
            self._release_standby()
        return bool(waiting or self._workers or any(run.alive for run in ours))

    def _rest(self) -> None:
        """Wait for the next round, which is at once where a worker has ended."""
        until = time.monotonic() + ROUND_SECONDS
        while time.monotonic() < until and not self._reap():
            time.sleep(_LOOK_SECONDS)

    # Starting

    def _start_next(self, waiting: list[Overview], runs: list[Overview]) -> None:
        if hindrance(self._queue.runs_dir):
            time.sleep(_ROOM_SECONDS)
            return
        standby = self._ready()
        if standby is None:
            return
        # Memory of a device is free when the process has ended, not when its run has.
        over = {run.run for run in runs if not run.alive}
        taken, limits = occupied(runs), self._queue.limits
        for ending, (_, on) in self._workers.items():
            if ending in over:
                taken.update(devices_of(on))
        for run in waiting:
            wanted, processes = AUTO, 1
            if run.ticket:
                wanted, processes = run.ticket.device, run.ticket.processes
            device = _free(wanted, processes, standby, taken, limits)
            if device:
                self._start(run.run, device, standby)
                return

    def _start(self, run: RunDir, device: str, standby: Standby) -> None:
        """Have a worker begin with `run`, unless it was dropped or begun by somebody meanwhile."""
        with contextlib.suppress(OSError), self._queue.editing():
            view = observe(run)
            if view.ticket is None or view.state != "queued":
                return
            further = view.step > view.ticket.step
            starts = 1 if further else view.ticket.starts + 1
            step = max(view.step, view.ticket.step)
            ticket = msgspec.structs.replace(view.ticket, on=device, starts=starts, step=step)
            if starts > MOST_STARTS:
                self._fail(run, f"its worker died {MOST_STARTS} times without getting further")
                return
            # What cannot be written down is not begun.
            write_ticket(run, ticket)
            _say(f"{run.name} begins on {device}")
            self._standby = None
            try:
                process = start_worker(
                    run,
                    _arguments(run, ticket, device, standby),
                    standby=standby,
                    environment=ticket.environment,
                )
                self._workers[run] = process, device
            except WorkerError as error:
                # Somebody else holds the run by now, or it is tried once more.
                _say(f"{run.name} did not begin: {error}")
            except GantermError as error:
                self._fail(run, str(error))

    def _ready(self) -> Standby | None:
        """Return the worker that stands by once it is ready; it is started where there is none.

        Raises:
            WorkerError: none gets ready, however often it is tried.
        """
        if self._standby is not None and self._standby.process.poll() is not None:
            self._standby, self._lost = None, self._lost + 1
            if self._lost >= MOST_STARTS:
                raise WorkerError("No worker can be made ready; what it said stands above.")
        if self._standby is None:
            with os.fdopen(open_to_append(self._queue.log), "ab") as log:
                place = f"--queue={self._queue.runs_dir}"
                self._standby, self._standby_since = Standby(place, log=log), time.monotonic()
        if self._standby.devices:
            self._lost = 0
            return self._standby
        if time.monotonic() - self._standby_since > _STANDBY_SECONDS:
            raise WorkerError(f"No worker got ready within {_STANDBY_SECONDS:.0f} s.")
        return None

    def _release_standby(self) -> None:
        if self._standby is not None:
            self._standby.close()
            self._standby = None

    # What became of it

    def _reap(self) -> bool:
        """Settle the runs whose workers have ended; return whether there are any."""
        every = self._workers.items()
        ended = [run for run, (process, _) in every if process.poll() is not None]
        for run in ended:
            self._ended(run, self._workers.pop(run)[0])
        return bool(ended)

    def _ended(self, run: RunDir, process: WorkerProcess) -> None:
        """Settle a run whose worker has ended; one that was killed keeps its turn."""
        code = process.returncode
        _say(f"{run.name} ended with exit code {code}")
        if code <= 0 or code == ExitCode.WORKER:
            return
        with contextlib.suppress(OSError), self._queue.editing():
            if observe(run).state == "queued":
                self._fail(run, process.why or f"it ended with exit code {code}")

    def _fail(self, run: RunDir, why: str) -> None:
        """Remember why a run cannot be trained, where its journal does not say so."""
        if ticket := read_ticket(run):
            _say(f"{run.name} failed: {why}")
            last = last_life(read_end(run.journal))
            time_of_last = last.time if last else 0.0
            write_ticket(run, msgspec.structs.replace(ticket, error=why, last=time_of_last))

    def _forget(self, run: Overview) -> None:
        """Remove the ticket of a run that has ended."""
        with contextlib.suppress(OSError), self._queue.editing():
            view = observe(run.run)
            if view.alive is False and view.state not in {"queued", "unknown"}:
                remove_ticket(run.run)


def _free(
    wanted: str, processes: int, standby: Standby, taken: Counter[str], limits: dict[str, int]
) -> str:
    """Return the first device that a run may have which has room for one more; empty if none.

    Of several processes each takes one of the GPUs, from the first on. Those that such a run waits
    for are kept free for it.
    """
    if wanted == AUTO:
        candidates = standby.devices
    elif wanted == "cuda":
        candidates = tuple(d for d in standby.devices if d.startswith("cuda")) or ("cuda:0",)
    else:
        candidates = (indexed(wanted),)
    # Where one is at work that has not said yet, nobody knows.
    unsaid, others = taken.get("", 0), limits.get(AUTO, 1)
    free = [d for d in candidates if taken.get(d, 0) + unsaid < limits.get(d, others)]
    if processes == 1:
        return free[0] if free else ""
    together = f"{processes} x {candidates[0].partition(':')[0]}"
    needed = {each for each in devices_of(together) if each in candidates}
    if needed <= set(free):
        return together
    taken.update(dict.fromkeys(needed, MOST_AT_ONCE))
    return ""


def _arguments(run: RunDir, ticket: Ticket, device: str, standby: Standby) -> list[str]:
    """Return the options of the worker of a run whose turn has come."""
    found = list(ticket.arguments)
    last = last_life(read_end(run.journal))
    if last is not None and last.time != ticket.last:
        # A worker that was killed has begun with the new length, and it may be reached.
        found = [each for each in found if not each.startswith(("--steps", "--epochs"))]
    one = ticket.processes == 1
    if one and ticket.device in {AUTO, "cuda"} and device != standby.devices[0]:
        found.append(f"--device={device}")
    return [*found, "--queued"]


def _say(sentence: str) -> None:
    sys.stdout.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {safe_text(sentence)}\n")
    sys.stdout.flush()


def main() -> None:
    """Work through the queue of the directory of runs named on the command line."""
    queue = Queue(Path(sys.argv[1]))
    with contextlib.suppress(OSError), os.fdopen(open_to_append(queue.log), "ab") as log:
        if log.tell() > _LOG_BYTES:
            log.truncate(0)
    lock = WorkerLock(queue.lock)
    # Once more after the lock is given back: who queued a run meanwhile left it to this process.
    while needs_supervisor(queue.runs_dir):
        try:
            lock.acquire(timeout=0.2)
        except LockHeld:
            return
        try:
            Supervisor(queue, lock).work()
        except (GantermError, OSError) as error:
            _say(f"the queue stands still: {error}")
            raise SystemExit(ExitCode.WORKER) from None
        finally:
            lock.release()


if __name__ == "__main__":
    main()
