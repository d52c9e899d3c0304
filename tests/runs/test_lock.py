"""One worker at a time holds a run, and the kernel frees it however the worker ends."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from ganterm.core.errors import ExitCode
from ganterm.runs.lock import Holder, LockHeld, WorkerLock, holder, is_held
from ganterm.runs.status import HOST
from tests.runs.helpers import BECOME_NOBODY, Child, LockHolder

RACER = """
import sys
from pathlib import Path
from ganterm.runs.lock import LockHeld, WorkerLock
lock = WorkerLock(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
try:
    lock.acquire(timeout=0.2)
except LockHeld as error:
    print("lost", flush=True)
else:
    print("won", flush=True)
sys.stdin.readline()
"""

OBSERVER = """
import sys
from pathlib import Path
from ganterm.runs.lock import is_held
path = Path(sys.argv[1])
is_held(path)
print("looking", flush=True)
while True:
    is_held(path)
"""

STARER = """
import fcntl, sys
file = open(sys.argv[1])
fcntl.lockf(file, fcntl.LOCK_SH)
print("looking", flush=True)
sys.stdin.readline()
fcntl.lockf(file, fcntl.LOCK_UN)
print("looked away", flush=True)
sys.stdin.readline()
"""

FORKER = """
import os, sys
from pathlib import Path
from ganterm.runs.lock import WorkerLock, is_held
path = Path(sys.argv[1])
lock = WorkerLock(path)
lock.acquire()
if os.fork() == 0:
    print("child", lock.held, is_held(path), flush=True)
    for line in sys.stdin:
        print(is_held(path), flush=True)
    os._exit(0)
os.wait()
"""

NOBODY = f"""
import os, sys
from pathlib import Path
from ganterm.runs.lock import WorkerLock, holder, is_held
{BECOME_NOBODY}
become_nobody()
path = Path(sys.argv[1])
print(is_held(path), holder(path).pid, is_held(path.with_name("none")))
for name in ("worker.lock", "none"):
    try:
        WorkerLock(path.with_name(name)).acquire()
    except PermissionError as error:
        print(error.filename)
"""


def test_a_lock_is_held_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    assert not is_held(path)
    assert not path.exists()
    with WorkerLock(path) as lock:
        assert (lock.held, lock.intact, is_held(path)) == (True, True, True)
        assert holder(path) == Holder(os.getpid(), HOST)
    assert (lock.held, lock.intact, is_held(path)) == (False, False, False)
    lock.acquire()
    lock.release()
    lock.release()


def test_the_loser_is_told_who_holds_the_run(tmp_path: Path) -> None:
    path = tmp_path / "dcgan-001" / "worker.lock"
    path.parent.mkdir()
    with LockHolder(path) as child:
        with pytest.raises(LockHeld) as raised:
            WorkerLock(path).acquire(timeout=0)
        assert raised.value.holder == Holder(child.pid, HOST)
        assert f"run 'dcgan-001' is held by worker {child.pid} on" in str(raised.value)
        assert raised.value.exit_code is ExitCode.WORKER


def test_kill_9_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    with LockHolder(path) as child:
        assert is_held(path)
        child.kill()
        assert not is_held(path)
        WorkerLock(path).acquire(timeout=0)


def test_a_forked_child_that_outlives_its_worker_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    with Child(FORKER, path) as child:
        assert child.hear() == "child False True"
        assert is_held(path)
        child.kill()
        child.tell("are you alive?")
        assert child.hear() == "False"
        assert not is_held(path)
        with WorkerLock(path):
            child.tell("and now?")
            assert child.hear() == "True"


def test_of_several_racers_exactly_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    for _ in range(3):
        racers = [Child(RACER, path) for _ in range(4)]
        try:
            assert [racer.hear() for racer in racers] == ["ready"] * 4
            for racer in racers:
                racer.tell("go")
            assert sorted(racer.hear() for racer in racers) == ["lost", "lost", "lost", "won"]
        finally:
            for racer in racers:
                racer.__exit__()


def test_observers_neither_keep_a_worker_out_nor_take_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    path.touch()
    with Child(OBSERVER, path) as one, Child(OBSERVER, path) as two:
        assert one.hear() == two.hear() == "looking"
        for _ in range(5):
            with WorkerLock(path) as lock:
                assert lock.intact


def test_a_worker_waits_for_an_observer_to_look_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "worker.lock"
    path.touch()
    with Child(STARER, path) as child:
        assert child.hear() == "looking"
        with pytest.raises(LockHeld):
            WorkerLock(path).acquire(timeout=0)

        def look_away(_: float) -> None:
            child.tell("look away")
            assert child.hear() == "looked away"

        monkeypatch.setattr(time, "sleep", look_away)
        with WorkerLock(path) as lock:
            assert lock.intact


def test_a_lock_file_removed_while_it_is_being_locked_is_not_the_one_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "worker.lock"
    real_open = os.open
    removals = iter([path])

    def open_and_lose(
        name: Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
    ) -> int:
        descriptor = real_open(name, flags, mode, dir_fd=dir_fd)
        for gone in removals if dir_fd is not None else ():
            gone.unlink()
            break
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose)
    with WorkerLock(path) as lock:
        assert lock.intact
    assert next(removals, None) is None


def test_within_one_process_looking_does_not_drop_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    with WorkerLock(path), Child(RACER, path) as racer:
        assert is_held(path)
        assert holder(path) is not None
        assert is_held(path.parent / "." / path.name)
        with pytest.raises(LockHeld):
            WorkerLock(path).acquire()
        assert racer.hear() == "ready"
        racer.tell("go")
        assert racer.hear() == "lost"


def test_threads_that_look_do_not_drop_a_lock_just_taken(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    path.touch()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            is_held(path)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        with Child(RACER, path) as racer:
            assert racer.hear() == "ready"
            for _ in range(50):
                lock = WorkerLock(path)
                lock.acquire()
                lock.release()
            lock.acquire()
            racer.tell("go")
            assert racer.hear() == "lost"
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        lock.release()


def test_others_can_look_but_not_lock_without_the_right_to_write(open_dir: Path) -> None:
    path = open_dir / "worker.lock"
    with WorkerLock(path):
        path.chmod(0o444)
        open_dir.chmod(0o555)
        with Child(NOBODY, path) as child:
            first, *refused = child.rest()
        assert first == f"True {os.getpid()} False"
        assert refused == [str(path), str(open_dir / "none")]


def test_a_holder_can_tell_that_its_lock_file_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run" / "worker.lock"
    path.parent.mkdir()
    with WorkerLock(path) as lock:
        assert (lock.held, lock.intact) == (True, True)
        lock.require_intact()
        path.unlink()
        assert (lock.held, lock.intact) == (True, False)
        with WorkerLock(path) as other:
            assert (other.intact, lock.intact) == (True, False)
            with pytest.raises(FileNotFoundError) as gone:
                lock.require_intact()
            assert gone.value.filename == str(path)
        shutil.rmtree(path.parent)
        with pytest.raises(FileNotFoundError) as gone:
            lock.require_intact()
        assert gone.value.filename == str(path.parent)


def test_a_lock_file_that_is_no_file_is_refused(tmp_path: Path) -> None:
    target, link, pipe = tmp_path / "target", tmp_path / "link", tmp_path / "pipe"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    os.mkfifo(pipe)
    with pytest.raises(OSError, match=str(link)):
        WorkerLock(link).acquire()
    for path in (link, pipe):
        with pytest.raises(OSError, match=str(path)):
            is_held(path)
    assert target.read_bytes() == b"precious"


@pytest.mark.parametrize("content", [b"", b"1234", b'{"pid":-1,"host":"a"}', b'{"pid":1}', b"\xff"])
def test_an_unsigned_lock_names_nobody(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "worker.lock"
    path.write_bytes(content)
    assert holder(path) is None
    assert "is held by another worker" in str(LockHeld(path, None))
