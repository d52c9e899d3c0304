"""Whole runs from the command line: renamed, noted, deleted, with a word on what was done."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.core.errors import ExitCode
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from tests.cli.invoke import Outcome, invoke
from tests.cli.pty_session import ForkedSession
from tests.records import record as record_of
from tests.runs.helpers import LockHolder


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    """Give a run with a journal of one record."""
    run = create_run(tmp_path, "one", "dcgan")
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("end", 5, reason="finished", message="", exit_code=0))
    return run


def _with(run: RunDir, command: str, *arguments: str) -> Outcome:
    return invoke(command, *arguments, "--runs-dir", run.path.parent)


def test_a_run_is_renamed(run: RunDir) -> None:
    """It is said under which name it is now."""
    outcome = _with(run, "rename", "one", "two")
    assert (outcome.code, outcome.said) == (ExitCode.OK, "one is now two.\n")
    assert (run.path.parent / "two" / "journal.jsonl").is_file()
    assert _with(run, "rename", "two", "../up").code == ExitCode.USAGE


def test_a_note_is_data(run: RunDir) -> None:
    """Written, printed without what could steer a terminal, and removed."""
    assert "no note" in _with(run, "note", "one").said
    assert _with(run, "note", "one", "keep\nthis \x1b[2J").data == b""
    assert _with(run, "note", "one").text == "keep\nthis \\x1b[2J\n"
    _with(run, "note", "one", "")
    assert _with(run, "note", "one").data == b""


def test_a_run_is_deleted_only_with_a_yes(run: RunDir) -> None:
    """Without a terminal to ask on, --yes is asked for."""
    refused = _with(run, "delete", "one")
    assert (refused.code, run.path.is_dir()) == (ExitCode.USAGE, True)
    assert "--yes" in refused.said
    done = _with(run, "delete", "one", "--yes")
    assert (done.code, run.path.exists()) == (ExitCode.OK, False)
    assert "one is deleted" in done.said


def test_several_runs_are_deleted_at_once(run: RunDir) -> None:
    """Each once; a name that is none keeps them all."""
    create_run(run.path.parent, "two", "dcgan").config_file.write_text("")
    assert _with(run, "delete", "one", "three", "--yes").code == ExitCode.USAGE
    assert run.path.is_dir()
    done = _with(run, "delete", "one", "two", "one", "--yes")
    assert (done.code, done.said.count("is deleted")) == (ExitCode.OK, 2)
    assert list(run.path.parent.iterdir()) == []


@pytest.mark.parametrize("answer", ["n", "y"])
def test_on_a_terminal_it_asks(run: RunDir, answer: str) -> None:
    """No keeps the run."""
    session = ForkedSession(["delete", "one", "--runs-dir", str(run.path.parent)])
    session.wait_for("for good?")
    session.type(f"{answer}\n")
    assert session.wait() == ExitCode.OK
    assert run.path.exists() == (answer == "n")


def test_a_run_that_trains_is_kept(run: RunDir) -> None:
    """Exit code 4, and the way to stop it."""
    with LockHolder(run.lock):
        outcome = _with(run, "delete", "one", "--yes")
    assert outcome.code == ExitCode.WORKER
    assert "ganterm ctl one stop" in outcome.said
    assert run.path.is_dir()
