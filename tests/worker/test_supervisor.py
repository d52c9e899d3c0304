"""The supervisor starts what waits as devices get free; what fails or dies holds up nobody."""

from __future__ import annotations

import errno
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ganterm.client import queueing
from ganterm.core.errors import ConfigError, WorkerError
from ganterm.runs.layout import RunDir, create_run, runs_in
from ganterm.runs.lock import WorkerLock
from ganterm.runs.queue import Queue, Ticket, read_ticket, write_ticket
from ganterm.runs.state import observe
from ganterm.runs.status import Status, write_status
from ganterm.worker import supervisor as module
from ganterm.worker.supervisor import MOST_STARTS, Supervisor
from tests.records import record, write


class FakeWorker:
    """A worker that ends when the test says so."""

    def __init__(self, run: RunDir, arguments: list[str]) -> None:
        self.run, self.arguments = run, arguments
        self.returncode: int | None = None
        self.why = ""

    def poll(self) -> int | None:
        return self.returncode

    def end(self, code: int = 0, *, why: str = "", told: bool = True, step: int = 3) -> None:
        """End with `code`; the journal tells of it where that is `told`."""
        write(self.run, record("start", 0, time.time(), config={}))
        if told:
            reason = "failed" if code else "finished"
            fields = {"reason": reason, "message": why, "exit_code": code}
            write(self.run, record("end", step, time.time(), **fields))
        else:
            write_status(self.run.status, Status(state="running", step=step, steps=9))
        self.returncode, self.why = code, why


class Bench:
    """A directory of queued runs, a supervisor, and what it has started."""

    def __init__(self, runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs_dir = runs_dir
        self.queue = Queue(runs_dir)
        self.workers: list[FakeWorker] = []
        self.devices: tuple[str, ...] = ("cuda:0", "cuda:1")
        self.refuse: Exception | None = None
        self.standbys = 0
        self.standby_code: int | None = None
        monkeypatch.setattr(queueing, "wake", lambda _: None)
        monkeypatch.setattr(module, "Standby", self._standby)
        monkeypatch.setattr(module, "start_worker", self._start)
        monkeypatch.setattr(module, "_ROOM_SECONDS", 0.0)

    def __call__(self, *names: str, device: str = "auto", arguments: tuple[str, ...] = ()) -> None:
        """Queue new runs."""
        for name in names:
            run = create_run(self.runs_dir, name, "x")
            run.config_file.touch()
            queueing.enqueue(run, device, arguments)

    def supervisor(self) -> Supervisor:
        lock = WorkerLock(self.queue.lock)
        lock.acquire()
        return Supervisor(self.queue, lock)

    def begun(self, supervisor: Supervisor, rounds: int = 4) -> str:
        """Return what has begun by now, and where."""
        for _ in range(rounds):
            supervisor._reap()
            supervisor._round()
        return " ".join(
            f"{each.run.name}@{ticket.on if (ticket := read_ticket(each.run)) else '-'}"
            for each in self.workers
        )

    def _standby(self, *_: object, **__: object) -> Any:
        bench = self

        class Ready:
            devices = bench.devices
            process = SimpleNamespace(poll=lambda: bench.standby_code)

            def close(self) -> None: ...

        self.standbys += 1
        return Ready()

    def _start(self, run: RunDir, arguments: list[str], **_: object) -> FakeWorker:
        if self.refuse is not None:
            raise self.refuse
        self.workers.append(FakeWorker(run, arguments))
        return self.workers[-1]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_each_device_takes_its_own_and_auto_the_first_free(bench: Bench) -> None:
    """In the order of the queue; what waits for a busy device holds up no other."""
    bench("a", device="cuda:1", arguments=("--steps=9",))
    bench("b", "c", "d")
    bench("e", device="cpu")
    work = bench.supervisor()
    assert bench.begun(work) == "a@cuda:1 b@cuda:0 e@cpu"
    assert bench.workers[0].arguments[0] == "--steps=9"
    bench.workers[0].end()
    assert bench.begun(work) == "a@- b@cuda:0 e@cpu c@cuda:1"
    assert "--device=cuda:1" in bench.workers[-1].arguments
    assert "--device=cuda:0" not in bench.workers[1].arguments
    bench.queue.set_limit("cuda", 2)
    assert bench.begun(work).endswith("d@cuda:0")
    for worker in bench.workers:
        worker.end()
    work._reap()
    assert work._round() is False
    assert not list(bench.runs_dir.glob("*/queued.json"))


def test_several_processes_take_a_gpu_each(bench: Bench) -> None:
    bench("a")
    bench("b", arguments=("--processes=2",))
    bench("c")
    work = bench.supervisor()
    assert bench.begun(work) == "a@cuda:0"
    bench.workers[0].end()
    assert bench.begun(work) == "a@- b@2 x cuda"
    assert not any(each.startswith("--device") for each in bench.workers[1].arguments)
    bench.workers[1].end()
    assert bench.begun(work).endswith("c@cuda:0")


def test_runs_that_were_started_by_themselves_count(bench: Bench) -> None:
    bench.devices = ("cpu",)
    bench("a")
    other = create_run(bench.runs_dir, "other", "x")
    other.config_file.touch()
    work = bench.supervisor()
    with WorkerLock(other.lock):
        assert bench.begun(work) == ""
        write_status(other.status, Status(state="running", step=1, steps=9, device="mps"))
        assert bench.begun(work) == "a@cpu"


def test_a_limit_of_none_holds_a_device(bench: Bench) -> None:
    bench("a")
    bench.queue.set_limit("auto", 0)
    work = bench.supervisor()
    assert bench.begun(work) == ""
    bench.queue.set_limit("cuda:1", 1)
    assert bench.begun(work) == "a@cuda:1"


def test_what_fails_goes_and_what_was_killed_goes_on(bench: Bench) -> None:
    """A failure is told by the journal or else by the ticket; who dies is started again.

    But not with a new length, which it may have reached, nor for ever where it gets no further.
    """
    bench.devices = ("cpu",)
    bench("a", "b", "c", arguments=("--steps=9",))
    work = bench.supervisor()
    bench.begun(work)
    bench.workers[0].end(1, why="it diverged")
    assert bench.begun(work) == "a@- b@cpu"
    bench.workers[1].returncode, bench.workers[1].why = 3, "no such data"
    assert bench.begun(work).startswith("a@- b@cpu c@cpu")
    runs = {run.name: run for run in runs_in(bench.runs_dir)}
    for name, why in (("a", "it diverged"), ("b", "no such data")):
        assert (observe(runs[name]).state, observe(runs[name]).message) == ("failed", why)
    for step in (1, 2, 3, 4, *[4] * MOST_STARTS):
        bench.workers[-1].end(-9, told=False, step=step)
        bench.begun(work)
    # Begun, gone on three times from a later step, and from the last as often as may be.
    assert len(bench.workers) == 2 + 1 + 3 + MOST_STARTS
    assert bench.workers[2].arguments[0] == "--steps=9"
    assert not any("--steps=9" in each.arguments for each in bench.workers[3:])
    assert "died 5 times without" in observe(runs["c"]).message
    assert work._round() is False
    # It can be queued once more.
    queueing.enqueue(runs["c"], "auto")
    assert bench.begun(work).endswith("c@cpu")


@pytest.mark.parametrize(
    ("error", "state", "left"),
    [
        (ConfigError("it makes no sense"), "failed", "failed"),
        (WorkerError("somebody holds it"), "queued", "queued"),
    ],
)
def test_a_worker_that_ends_at_once(bench: Bench, error: Exception, state: str, left: str) -> None:
    bench("a")
    bench.refuse = error
    work = bench.supervisor()
    bench.begun(work, rounds=1)
    (run,) = runs_in(bench.runs_dir)
    assert observe(run).state == state
    bench.refuse = None
    bench.begun(work)
    assert (len(bench.workers) == 1) == (left == "queued")


def test_what_is_dropped_or_moved_in_the_last_moment(bench: Bench) -> None:
    """The list may be of a moment ago; what the ticket says now holds."""
    bench("a", "b")
    work = bench.supervisor()
    (a, b) = sorted(runs_in(bench.runs_dir), key=lambda run: run.name)
    standby = work._ready()
    assert standby is not None
    queueing.drop(a)
    work._start(a, "cuda:0", standby)
    assert bench.workers == []
    assert bench.begun(work) == "b@cuda:0"
    assert read_ticket(b) is not None
    assert observe(a).state == "new"


def test_a_full_disk_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing begins that cannot be written down, and nothing fails for want of room."""
    bench("a")
    work = bench.supervisor()

    def full(_run: RunDir, _ticket: Ticket) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "queued.json")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_ticket", full)
        assert bench.begun(work) == ""
    with monkeypatch.context() as patch:
        patch.setattr(module, "hindrance", lambda _: "The disk is full.")
        assert bench.begun(work) == ""
    assert bench.begun(work) == "a@cuda:0"


def test_nobody_starts_what_is_anothers(bench: Bench) -> None:
    """A run in the queue of another host on the same disk waits for that host."""
    bench("a")
    (run,) = runs_in(bench.runs_dir)
    ticket = read_ticket(run)
    assert ticket is not None
    write_ticket(run, msgspec.structs.replace(ticket, host="elsewhere"))
    work = bench.supervisor()
    assert bench.begun(work) == ""
    assert work._round() is False
    assert queueing.device_words(queueing.listing(bench.runs_dir)[0]) == "auto of elsewhere"


def test_a_worker_that_dies_while_it_stands_by_is_replaced(bench: Bench) -> None:
    """But not for ever: where none gets ready the queue says so, and the next command tries."""
    bench("a")
    work = bench.supervisor()
    work._ready()
    bench.standby_code, bench.devices = -9, ()
    for _ in range(MOST_STARTS - 1):
        work._round()
    assert bench.standbys == MOST_STARTS
    with pytest.raises(WorkerError, match="No worker can be made ready"):
        work._round()
    bench.standby_code, bench.devices = None, ("cpu",)
    assert bench.begun(Supervisor(bench.queue, WorkerLock(bench.queue.lock))) == "a@cpu"
