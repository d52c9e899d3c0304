"""A disk that is full, read-only or gone stops training with one line and spoils nothing."""

import json
import os
import resource
import shutil
import sys
from pathlib import Path

import pytest

from ganterm.runs import control
from ganterm.runs.checkpoints import newest_valid
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from tests.records import lines
from tests.runs.helpers import Child, temps_in
from tests.worker.workers import Worker, Zygote, kinds, last_step, make_run

LONG: dict[str, object] = {"steps": 20000, "batch_size": 16, "checkpoint_every": "20"}


def train_past_a_checkpoint(zygote: Zygote, run: RunDir, *, uid: int = 0) -> Worker:
    worker = zygote.start(run, uid=uid)
    told = worker.until(lambda record: record["kind"] == "checkpoint" and record["step"] >= 20)
    assert told is not None, worker.log()
    return worker


def assert_unspoilt(run: RunDir) -> None:
    """Hold the last checkpoint told of to be whole, and nothing unfinished to lie about."""
    newest, damaged = newest_valid(run.checkpoints)
    assert newest is not None
    assert damaged == []
    assert last_step(run) >= kinds(run, "checkpoint")[-1]["step"]
    assert [temps_in(part) for part in (run.path, run.samples, run.checkpoints)] == [[], [], []]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets limits of other processes")
def test_a_file_size_limit_stops_training(zygote: Zygote, tmp_path: Path) -> None:
    """A checkpoint that hits the limit is named, and the journal says how it ended."""
    run = make_run(tmp_path, "dcgan-8x8", **LONG)
    worker = train_past_a_checkpoint(zygote, run)
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (300_000, 300_000))
    assert worker.wait() == 1
    (line,) = worker.log().splitlines()
    assert line.startswith(f"cannot write {run.checkpoints}/step-")
    assert line.endswith("File too large; raise the limit on file sizes (ulimit -f)")
    end = lines(run.journal)[-1]
    assert (end["reason"], end["exit_code"], end["message"]) == ("failed", 1, line)
    assert_unspoilt(run)


@pytest.mark.slow
def test_a_full_disk_stops_training(small_disk: tuple[str, ...], tmp_path: Path) -> None:
    """Nothing unfinished stays on it, and the line names the file that did not fit."""
    made = make_run(tmp_path / "elsewhere", "dcgan-8x8", **LONG)
    disk = tmp_path / "disk"
    disk.mkdir()
    with Child(ON_A_FULL_DISK, made.config_file, disk, prefix=mounted(small_disk, disk)) as child:
        story = json.loads(child.rest()[-1])
    (line,) = story["log"]
    assert line.startswith(f"cannot write {disk}/run/")
    assert line.endswith("No space left on device; free some space there")
    assert story["code"] == 1
    assert story["temps"] == []
    assert story["damaged"] == []
    assert story["newest"] == story["told"]


def read_only(zygote: Zygote, open_dir: Path, part: str) -> Worker:
    """Start a run, take the right to write a directory of it away, and wait for its end."""
    run = make_run(open_dir, "dcgan-8x8", **LONG)
    uid = 65534 if os.geteuid() == 0 else 0
    run.log.touch()
    if uid:
        for path in (run.path, *run.path.rglob("*")):
            os.chown(path, uid, uid)
    worker = train_past_a_checkpoint(zygote, run, uid=uid)
    directory = run.path / part
    directory.chmod(0o555)
    try:
        if part != "checkpoints":
            assert worker.until(lambda record: record["kind"] == "alert"), worker.log()
            control.post(run.control, "stop")
        worker.wait()
    finally:
        directory.chmod(0o755)
    assert_unspoilt(run)
    return worker


def test_checkpoints_that_turn_read_only_stop_training(zygote: Zygote, open_dir: Path) -> None:
    """The line says what to allow."""
    worker = read_only(zygote, open_dir, "checkpoints")
    assert worker.wait() == 1
    (line,) = worker.log().splitlines()
    assert line.startswith(f"cannot write {worker.run.checkpoints}")
    assert "Permission denied; allow writing there or choose another place" in line


@pytest.mark.parametrize(
    ("part", "code"), [("samples", "sample"), pytest.param(".", "status", marks=pytest.mark.slow)]
)
def test_other_directories_that_turn_read_only_do_not(
    zygote: Zygote, open_dir: Path, part: str, code: str
) -> None:
    """That a grid or the status cannot be written is said, and the run trains on and is saved."""
    worker = read_only(zygote, open_dir, part)
    assert worker.wait() == 0
    assert worker.log() == ""
    (alert,) = kinds(worker.run, "alert")
    assert alert["code"] == code
    assert str(worker.run.path / part) in alert["message"]
    assert alert["message"].endswith("Permission denied.")
    end = lines(worker.run.journal)[-1]
    assert end["reason"] == observe(worker.run).state == "stopped"
    assert last_step(worker.run) == end["step"]


def test_a_deleted_run_stops_its_worker(zygote: Zygote, tmp_path: Path) -> None:
    """The worker says which directory went, and does not bring it back."""
    run = make_run(tmp_path, "dcgan-8x8", **LONG)
    worker = train_past_a_checkpoint(zygote, run)
    with run.log.open() as log:
        while run.path.exists():
            shutil.rmtree(run.path, ignore_errors=True)
        assert worker.wait() == 1
        (line,) = log.read().splitlines()
    assert line.startswith(f"cannot write {run.path}")
    assert "it was deleted or moved" in line
    assert not run.path.exists()


def test_a_worker_leaves_a_new_run_of_the_same_name_alone(zygote: Zygote, tmp_path: Path) -> None:
    """What was moved away stays whole; what took its place is not written to."""
    run = make_run(tmp_path, "dcgan-8x8", **LONG)
    worker = train_past_a_checkpoint(zygote, run)
    moved = RunDir(run.path.rename(tmp_path / "moved"))
    other = make_run(tmp_path, "dcgan-8x8", **LONG)
    assert other.path == run.path
    before = sorted(other.path.rglob("*"))
    assert worker.wait() == 1
    assert sorted(other.path.rglob("*")) == before
    (line,) = moved.log.read_text().splitlines()
    assert line.startswith(f"cannot write {run.path}")
    assert_unspoilt(moved)


def test_directories_that_were_deleted_come_back(zygote: Zygote, trained: RunDir) -> None:
    """Samples and commands are not worth refusing a resume for."""
    shutil.rmtree(trained.samples)
    shutil.rmtree(trained.control)
    zygote.train(trained, "--steps", "40")
    assert (trained.samples / "step-00000040.png").is_file()


def mounted(small_disk: tuple[str, ...], disk: Path) -> tuple[str, ...]:
    """Return the beginning of a command that sees three megabytes at `disk`."""
    mount = f'mount -t tmpfs -o size=3m none {disk} && exec "$@"'
    return (*small_disk[: small_disk.index("-c") + 1], mount, "sh")


ON_A_FULL_DISK = """
import contextlib, io, json, sys
from pathlib import Path
from ganterm.runs.checkpoints import newest_valid
from ganterm.runs.layout import create_run
from ganterm.worker.__main__ import main
from tests.records import lines
run = create_run(Path(sys.argv[2]), "run", "any")
text = Path(sys.argv[1]).read_text().replace("keep_checkpoints = 2", "keep_checkpoints = 0")
run.config_file.write_text(text)
sys.argv = ["ganterm.worker", str(run.path)]
class Log(io.BytesIO):
    def close(self):
        pass  # What wraps it is gone before it is read.
log = io.TextIOWrapper(written := Log(), "utf-8")
with contextlib.redirect_stderr(log):
    try:
        main()
    except SystemExit as end:
        code = int(end.code)
newest, damaged = newest_valid(run.checkpoints)
told = [record for record in lines(run.journal) if record["kind"] == "checkpoint"]
print(json.dumps({
    "code": code,
    "log": written.getvalue().decode().splitlines(),
    "temps": [str(path) for path in run.path.rglob(".tmp-*")],
    "newest": newest.name,
    "told": Path(told[-1]["path"]).name,
    "damaged": [str(path) for path, _ in damaged],
}), flush=True)
"""


@pytest.mark.slow
def test_a_full_disk_is_told_to_whoever_started_the_run_and_in_the_journal_once_there_is_room(
    small_disk: tuple[str, ...], tmp_path: Path
) -> None:
    """Not a byte is left for journal, log and status, until something is removed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    prefix = mounted(small_disk, disk)
    with Child(TOLD_OF_A_FULL_DISK, disk, prefix=prefix) as child:
        story = json.loads(child.rest()[-1])
    assert story["code"] == 1
    (line,) = [line for line in story["told"] if "No space left" in line]
    assert line.startswith(f"cannot write {disk}/dcgan-8x8-001/")
    assert line.endswith("No space left on device; free some space there")
    assert story["shown"] == ["failed", line]
    assert story["end"]["kind"] == "end"
    assert story["end"]["message"].startswith(line)


TOLD_OF_A_FULL_DISK = """
import json, os, sys, time
from pathlib import Path
from ganterm.client.feed import FeedReader
from ganterm.runs.journal import read_end
from ganterm.runs.launch import start_worker
from tests.records import lines
from tests.worker.workers import make_run
disk = Path(sys.argv[1])
run = make_run(disk, "dcgan-8x8", steps=200000, checkpoint_every="100000")
process = start_worker(run)
while not any(record.kind == "metrics" for record in read_end(run.journal)):
    time.sleep(0.05)
with (disk / "filler").open("wb", buffering=0) as filler:
    for size in (1 << 16, 4096, 512, 1):
        try:
            while True:
                filler.write(bytes(size))
        except OSError:
            pass
told = []
while process.poll() is None and not told:
    told += process.last_words()
    time.sleep(0.05)
reader = FeedReader(run)
reader.refresh()
shown = reader.feed.view.state, reader.feed.view.message
(disk / "filler").unlink()
code = process.wait()
told += process.last_words()
end = lines(run.journal)[-1]
print(json.dumps({"code": code, "told": told, "shown": shown, "end": end}), flush=True)
"""
