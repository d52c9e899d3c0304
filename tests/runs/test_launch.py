"""A worker starts whatever surrounds it, or says in its own words why it does not."""

import os
import signal
import sys
from pathlib import Path

import pytest

from ganterm.core.errors import ExitCode, GantermError, TrainingError, WorkerError
from ganterm.core.records import StartRecord
from ganterm.runs import launch
from ganterm.runs.journal import read_journal
from ganterm.runs.launch import log_tail, start_worker
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.lock import WorkerLock, is_held
from ganterm.runs.state import observe
from ganterm.runs.status import Status, read_status
from tests.runs.helpers import Child
from tests.test_foreign_code import NAMES, plant

CONFIG = """
[run]
recipe = "dcgan-8x8"
image_size = 8
generator = "dcgan-8x8"
discriminator = "dcgan-8x8"
z_dim = 64
steps = 3
sample_grid = 2
"""


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    """Give a run of three steps."""
    run = create_run(tmp_path / "runs in a place with spaces", "short", "any")
    run.config_file.write_text(CONFIG)
    return run


def test_a_worker_trains_in_a_session_of_its_own(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path with spaces and files named like modules in the current directory do it no harm."""
    plant(tmp_path, tmp_path / "marker", NAMES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", ":.")
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    process = start_worker(run)
    assert observe(run).state == "starting"
    assert os.getsid(process.pid) == process.pid
    status = read_status(run.status)
    assert status is not None
    assert status.pid == process.pid
    assert process.wait() == 0, run.log.read_text()
    assert observe(run).state == "finished"
    start = read_journal(run.journal)[0]
    assert isinstance(start, StartRecord)
    assert start.command == sys.argv
    assert run.log.read_text() == ""


def test_a_worker_outlives_its_launcher(run: RunDir) -> None:
    """Losing the terminal kills the launcher's whole process group, not the worker."""
    run.config_file.write_text(CONFIG.replace("steps = 3", "steps = 100000"))
    with Child(LAUNCHER, run.path, prefix=("setsid",)) as launcher:
        pid = int(launcher.hear())
        os.killpg(launcher.process.pid, signal.SIGHUP)
        launcher.process.wait()
    assert is_held(run.lock)
    os.kill(pid, signal.SIGKILL)


LAUNCHER = """
import sys
from pathlib import Path
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import RunDir
print(start_worker(RunDir(Path(sys.argv[1]))).pid, flush=True)
sys.stdin.read()
"""


def test_a_refusal_comes_with_the_workers_words_and_code(run: RunDir) -> None:
    """A worker that ends at once is quoted: its last line, its exit code."""
    run.config_file.unlink()
    with pytest.raises(GantermError) as caught:
        start_worker(run)
    assert str(caught.value) == (
        f"The run file {run.config_file} cannot be read: No such file or directory."
    )
    assert caught.value.exit_code == ExitCode.USAGE
    assert not run.status.exists()
    assert observe(run).state == "new"


def test_a_held_run_is_refused(run: RunDir) -> None:
    """The second worker ends with exit code 4 and says who holds the run."""
    with WorkerLock(run.lock), pytest.raises(GantermError, match="is held by worker") as caught:
        start_worker(run)
    assert caught.value.exit_code == ExitCode.WORKER


def test_words_of_earlier_workers_are_not_quoted(run: RunDir) -> None:
    """Only what this worker printed is its own."""
    run.log.write_text("an old story\n")
    run.config_file.write_text("[run")
    with pytest.raises(GantermError, match="is not valid TOML"):
        start_worker(run)
    assert log_tail(run)[0] == "an old story"


def test_a_worker_without_a_word_is_told_by_its_code(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies before it can say anything leaves its exit code."""
    monkeypatch.setattr(launch, "_BOOTSTRAP", "import os; os._exit(77)")
    with pytest.raises(WorkerError, match="ended at once with exit code 77"):
        start_worker(run)


def test_an_old_status_is_not_taken_for_a_report(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process id may come again; the status of its first bearer proves nothing."""

    class AnyId(int):
        def __eq__(self, _: object) -> bool:
            return True

        __hash__ = int.__hash__

    old = Status(state="running", step=1, steps=3, pid=AnyId())
    monkeypatch.setattr(launch, "read_status", lambda _: old)
    monkeypatch.setattr(launch, "_BOOTSTRAP", "import sys; sys.exit('not today')")
    with pytest.raises(WorkerError, match="not today"):
        start_worker(run)


def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    """The run was deleted in the meantime."""
    with pytest.raises(TrainingError, match=r"cannot write .*worker\.log: No such file"):
        start_worker(RunDir(tmp_path / "gone"))


def test_the_tail_of_the_log(run: RunDir) -> None:
    """Blank lines do not count, a log that is not there has none, and bad bytes do no harm."""
    assert log_tail(run) == []
    run.log.write_bytes(b"one\n\n\xfftwo\n \nthree\n")
    assert log_tail(run, 2) == ["\ufffdtwo", "three"]
    assert log_tail(run, begin=9) == ["three"]
