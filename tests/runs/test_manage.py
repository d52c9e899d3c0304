"""Whole runs: renamed, noted and deleted, and never under the feet of a worker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ganterm.core.errors import ConfigError, ExitCode, TrainingError, WorkerError
from ganterm.runs.journal import JournalWriter, read_journal
from ganterm.runs.layout import RunDir, create_run, find_runs
from ganterm.runs.lock import is_held
from ganterm.runs.manage import NOTE_LIMIT, delete, disk_usage, read_note, rename, write_note
from ganterm.runs.status import Status, write_status
from tests.records import record as record_of
from tests.runs.helpers import LockHolder


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    """Give a run with a journal of one record."""
    run = create_run(tmp_path, "one", "dcgan")
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("end", 5, reason="finished", message="", exit_code=0))
    return run


def test_a_renamed_run_has_everything(run: RunDir) -> None:
    """Only the name changes; the lock is free afterwards."""
    before = read_journal(run.journal)
    renamed = rename(run, "two")
    assert renamed.path == run.path.parent / "two"
    assert not run.path.exists()
    assert read_journal(renamed.journal) == before
    assert not is_held(renamed.lock)
    assert rename(renamed, "two") == renamed


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b", "x" * 101, "\x1b[2J"])
def test_a_name_that_is_none_is_refused(run: RunDir, name: str) -> None:
    """A run cannot leave its directory, hide, or confuse a terminal."""
    with pytest.raises(ConfigError, match="cannot name a run"):
        rename(run, name)
    assert run.path.is_dir()


@pytest.mark.parametrize("what", ["run", "empty", "file"])
def test_a_taken_name_is_refused(run: RunDir, what: str) -> None:
    """What has the name stays what it is, be it an empty directory."""
    other = run.path.parent / "two"
    if what == "file":
        other.write_text("mine")
    else:
        other.mkdir()
    if what == "run":
        (other / "run.toml").touch()
    with pytest.raises(ConfigError, match="choose another name"):
        rename(run, "two")
    assert run.path.is_dir()
    assert other.exists()


def test_a_rename_that_fails_leaves_no_name_taken(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory that kept the name is gone, and the sentence says what to do."""

    def refuse(_path: Path, _target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(TrainingError, match="Permission denied"):
        rename(run, "two")
    assert os.listdir(run.path.parent) == ["one"]  # noqa: PTH208
    assert not is_held(run.lock)


@pytest.mark.parametrize("deed", ["rename", "delete"])
def test_a_run_that_trains_is_left_alone(run: RunDir, deed: str) -> None:
    """Both refuse with the way to stop it, and nothing has moved."""
    with LockHolder(run.lock):
        with pytest.raises(WorkerError, match="ganterm ctl one stop") as caught:
            rename(run, "two") if deed == "rename" else delete(run)
        assert caught.value.exit_code == ExitCode.WORKER
    assert [each.name for each in find_runs(run.path.parent)] == ["one"]


@pytest.mark.parametrize("deed", ["rename", "delete"])
def test_a_run_of_another_machine_is_left_alone(run: RunDir, deed: str) -> None:
    """Its lock cannot be seen from here, so it may be training."""
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("start", 0))
    write_status(run.status, Status(state="running", step=5, steps=9, host="elsewhere"))
    with pytest.raises(WorkerError, match="elsewhere"):
        rename(run, "two") if deed == "rename" else delete(run)
    assert run.path.is_dir()


@pytest.mark.parametrize("deed", ["rename", "delete"])
def test_a_link_is_left_alone(run: RunDir, deed: str) -> None:
    """What it leads to may be somebody else's."""
    link = RunDir(run.path.parent / "link")
    link.path.symlink_to(run.path)
    with pytest.raises(ConfigError, match="link"):
        rename(link, "two") if deed == "rename" else delete(link)
    assert link.path.is_symlink()
    assert run.journal.is_file()


def test_a_deleted_run_is_gone(run: RunDir) -> None:
    """With all its files, and its name can be had again."""
    (run.samples / "step-00000001.png").write_bytes(b"x")
    delete(run)
    assert os.listdir(run.path.parent) == []  # noqa: PTH208
    create_run(run.path.parent, "one", "dcgan")


def test_an_interrupted_deletion_is_finished_by_the_next(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a run never shows up in a list, and does not lie about for ever."""

    def interrupt(_path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", interrupt)
        with pytest.raises(KeyboardInterrupt):
            delete(run)
    assert find_runs(run.path.parent) == []
    assert len(os.listdir(run.path.parent)) == 1  # noqa: PTH208
    delete(create_run(run.path.parent, "two", "dcgan"))
    assert os.listdir(run.path.parent) == []  # noqa: PTH208


def test_a_note_is_kept_as_written(run: RunDir) -> None:
    """Several lines, any language; an empty note is none."""
    assert read_note(run) == ""
    write_note(run, "  first\nzweite Zeile: 二\n\n")
    assert read_note(run) == "first\nzweite Zeile: 二"
    write_note(run, " ")
    assert read_note(run) == ""
    assert not (run.path / "note.txt").exists()


def test_a_note_has_a_limit(run: RunDir) -> None:
    """The longest fits exactly; a longer one is refused and the old one stays."""
    write_note(run, "x" * (NOTE_LIMIT - 1))
    assert len(read_note(run)) == NOTE_LIMIT - 1
    with pytest.raises(ConfigError, match="shorten"):
        write_note(run, "é" * (NOTE_LIMIT // 2))
    assert len(read_note(run)) == NOTE_LIMIT - 1


def test_a_note_that_is_no_file_reads_as_none(run: RunDir) -> None:
    """A pipe would block and a huge file would fill the memory."""
    os.mkfifo(run.path / "note.txt")
    assert read_note(run) == ""
    (run.path / "note.txt").unlink()
    (run.path / "note.txt").write_bytes(b"x" * (NOTE_LIMIT + 1))
    assert read_note(run) == ""
    (run.path / "note.txt").write_bytes(b"\xff\xfe")
    assert read_note(run) == "\ufffd\ufffd"


def test_the_size_is_that_of_all_files(run: RunDir) -> None:
    """Those of sub-directories too; links count as themselves."""
    before = disk_usage(run)
    (run.checkpoints / "a").write_bytes(b"x" * 1000)
    (run.samples / "b").write_bytes(b"x" * 24)
    assert disk_usage(run) == before + 1024
    (run.path / "huge").symlink_to("/proc/kcore")
    assert disk_usage(run) < before + 2048
    assert disk_usage(RunDir(run.path / "none")) == 0
