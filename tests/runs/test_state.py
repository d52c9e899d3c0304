"""A run's state is judged rightly from outside, whatever its worker's fate."""

import os
import shutil
from pathlib import Path

import pytest

from ganterm.runs import state
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.lock import WorkerLock
from ganterm.runs.state import observe
from ganterm.runs.status import Status, write_status
from tests.records import record as record_of
from tests.runs.helpers import Child

WORKER = """
import sys
from pathlib import Path
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.status import Status, write_status
from tests.records import record
run = RunDir(Path(sys.argv[1]))
lock = WorkerLock(run.lock)
lock.acquire()
print("held", flush=True)
step = 0
for line in sys.stdin:
    word, _, kind = line.strip().partition(" ")
    if word == "status":
        write_status(run.status, Status(state=kind, step=step, steps=9, message=f"now {kind}"))
    elif word == "end":
        with JournalWriter(run.journal) as writer:
            writer.write(record("end", step, reason=kind, message="the end", exit_code=0))
    else:
        step += 1
        with JournalWriter(run.journal) as writer:
            writer.write(record(word, step))
    print("done", flush=True)
"""

LOOK = """
import sys
from pathlib import Path
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
print(observe(RunDir(Path(sys.argv[1]))).state)
"""


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return create_run(tmp_path, "a-run", "dcgan")


def order(child: Child, line: str) -> None:
    child.tell(line)
    assert child.hear() == "done"


def test_a_run_that_nobody_wrote_is_new(run: RunDir) -> None:
    view = observe(run)
    assert (view.state, view.alive, view.step, view.age) == ("new", False, 0, None)


def test_the_life_of_a_worker_from_outside(run: RunDir) -> None:
    with Child(WORKER, run.path) as child:
        assert child.hear() == "held"
        assert observe(run).state == "starting"
        order(child, "start")
        for word in ("starting", "running", "paused", "running"):
            order(child, f"status {word}")
            view = observe(run)
            assert (view.state, view.alive, view.message) == (word, True, f"now {word}")
            assert view.last_record is not None
        order(child, "metrics")
        child.kill()
    view = observe(run)
    assert (view.state, view.alive, view.step) == ("crashed", False, 2)
    assert "after step 2; go on with 'ganterm resume a-run'" in view.message


@pytest.mark.parametrize("reason", ["finished", "stopped", "failed"])
def test_a_worker_that_says_goodbye_did_not_crash(run: RunDir, reason: str) -> None:
    with Child(WORKER, run.path) as child:
        assert child.hear() == "held"
        for line in ("start", "status running", f"end {reason}"):
            order(child, line)
        child.kill()
    view = observe(run)
    assert (view.state, view.alive, view.message) == (reason, False, "the end")


def test_a_resumed_run_that_dies_has_crashed_in_spite_of_its_earlier_end(run: RunDir) -> None:
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("start", 0))
        writer.write(record_of("end", 5, reason="stopped", message=""))
        assert observe(run).state == "stopped"
        writer.write(record_of("resume", 5))
    write_status(run.status, Status(state="stopped", step=5, steps=9))
    assert observe(run).state == "crashed"


def test_a_worker_that_comes_to_life_during_the_look_has_not_crashed(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("start", 0))
    answers = iter([False, True])
    monkeypatch.setattr(state, "is_held", lambda path: next(answers))
    assert observe(run).state == "starting"


def test_an_old_status_does_not_speak_for_a_new_worker(run: RunDir) -> None:
    write_status(run.status, Status(state="finished", step=5, steps=5, pid=os.getpid()))
    with Child(WORKER, run.path) as child:
        assert child.hear() == "held"
        assert observe(run).state == "starting"


def test_a_crash_is_seen_though_the_start_lies_far_back_in_the_journal(run: RunDir) -> None:
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("start", 0))
        for step in range(1000):
            writer.write(record_of("metrics", step, note="x" * 100))
    write_status(run.status, Status(state="running", step=999, steps=2000))
    assert observe(run).state == "crashed"


def test_a_worker_that_died_before_its_first_record_crashed(run: RunDir) -> None:
    write_status(run.status, Status(state="starting", step=0, steps=10))
    assert observe(run).state == "crashed"
    write_status(run.status, Status(state="failed", step=0, steps=10, message="no data"))
    view = observe(run)
    assert (view.state, view.message) == ("failed", "no data")


def test_another_host_is_unknown_rather_than_dead(run: RunDir) -> None:
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("start", 0))
    write_status(run.status, Status(state="running", step=5, steps=10, host="elsewhere", updated=1))
    view = observe(run)
    assert (view.state, view.alive) == ("unknown", None)
    assert view.message.startswith("its worker is on elsewhere, last heard of ")
    assert view.age is not None
    assert view.age > 1e9
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("end", 9, reason="finished", message=""))
    assert observe(run).state == "finished"


def test_garbled_files_do_not_hide_a_crash(run: RunDir) -> None:
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("start", 0))
    run.status.write_bytes(b"{garbled")
    with run.journal.open("ab") as file:
        file.write(b"\xff\xfe\n" + b"{torn")
    view = observe(run)
    assert (view.state, view.status) == ("crashed", None)


def test_an_end_for_no_known_reason_is_still_an_end(run: RunDir) -> None:
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("start", 0))
        writer.write(record_of("end", 1, reason="dancing"))
    view = observe(run)
    assert (view.state, view.message) == ("stopped", "")


def test_what_cannot_be_read_is_unknown_and_says_why(run: RunDir) -> None:
    os.mkfifo(run.lock)
    view = observe(run)
    assert (view.state, view.alive) == ("unknown", None)
    assert str(run.lock) in view.message
    run.lock.unlink()
    run.journal.mkdir()
    view = observe(run)
    assert view.state == "unknown"
    assert str(run.journal) in view.message


def test_a_deleted_run_can_be_looked_at(run: RunDir) -> None:
    shutil.rmtree(run.path)
    assert observe(run).state == "new"


def test_a_worker_may_look_at_its_own_run(run: RunDir) -> None:
    with WorkerLock(run.lock):
        write_status(run.status, Status(state="running", step=1, steps=2))
        assert observe(run).state == "running"
        with Child(LOOK, run.path) as other:
            assert other.rest() == ["running"]


def test_looking_leaves_no_trace(run: RunDir) -> None:
    before = sorted(path.name for path in run.path.rglob("*"))
    observe(run)
    assert sorted(path.name for path in run.path.rglob("*")) == before
