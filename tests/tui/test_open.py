"""The app on a real terminal: how it opens, what it asks, and how it leaves."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ganterm.core.errors import ConfigError, ExitCode
from ganterm.runs.status import Status, write_status
from ganterm.tui.open import main, open_app
from tests.cli.invoke import invoke
from tests.cli.pty_session import ForkedSession, PtySession
from tests.runs.helpers import LockHolder
from tests.tui.driving import write_run

_QUESTIONS = (b"\x1b[c", b"\x1b[6n", b"\x1b]10;?", b"\x1b]11;?", b"$p", b"\x1b[?u", b"\x1b[>q")
"""What terminals answer: device attributes, cursor, colours, modes, keyboard, version."""


def _open(runs_dir: Path, *arguments: str, kind: type[PtySession] = ForkedSession) -> PtySession:
    session = kind(["app", "--runs-dir", str(runs_dir), *arguments], env={"COLORTERM": "truecolor"})
    session.wait_for("quit")
    return session


@pytest.mark.parametrize("command", [[], ["app"], ["app", "--theme", "day"]])
def test_without_a_terminal_it_says_so_in_one_sentence(command: list[str], tmp_path: Path) -> None:
    """Exit code 2, nothing on standard output, and what to use instead."""
    outcome = invoke(*command, env={"GANTERM_RUNS_DIR": str(tmp_path)})
    assert (outcome.code, outcome.data) == (ExitCode.USAGE, b"")
    assert outcome.said.count("\n") <= 1
    assert "needs a terminal" in outcome.said
    assert "ganterm attach" in outcome.said


def test_ganterm_alone_says_the_same_without_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The short way from `ganterm` to the app loads no typer and fails in the same words."""
    monkeypatch.setenv("GANTERM_RUNS_DIR", str(tmp_path))
    assert main() == ExitCode.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == invoke("app").said


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_be_drawn_over_is_told_of_the_plain_app(
    term: str, tmp_path: Path
) -> None:
    """One sentence in place of a screen of escapes."""
    session = ForkedSession(["app", "--runs-dir", str(tmp_path)], env={"TERM": term})
    assert session.wait() == ExitCode.USAGE
    assert "`ganterm app --plain`" in session.text
    assert b"\x1b" not in session.output


def test_what_cannot_be_shown_is_said_before_the_screen_is_taken(tmp_path: Path) -> None:
    """A wrong run or theme comes as a sentence with the names that there are."""
    write_run(tmp_path, "one")
    with pytest.raises(ConfigError, match="did you mean one"):
        open_app(runs_dir=tmp_path, run="onne")
    with pytest.raises(ConfigError, match="night, day"):
        open_app(runs_dir=tmp_path, theme="pink")


def test_it_opens_shows_the_runs_asks_nothing_and_leaves(tmp_path: Path) -> None:
    """The list comes by itself; q restores the terminal; no answer can arrive after that."""
    write_run(tmp_path, "one")
    session = _open(tmp_path, kind=PtySession)
    session.wait_for("finished")
    session.type("q")
    assert session.wait() == ExitCode.OK
    assert b"\x1b[?1049h" in session.output
    assert session.output.rstrip().endswith(b"l")
    assert b"\x1b[?1049l" in session.output
    for question in _QUESTIONS:
        assert question not in session.output, question


def test_a_named_run_is_watched_from_the_start(tmp_path: Path) -> None:
    """`ganterm app RUN` opens the monitor."""
    write_run(tmp_path, "one")
    write_run(tmp_path, "two")
    session = _open(tmp_path, "two")
    session.wait_for("400/400")
    assert "one" not in session.text
    session.type("q")
    assert session.wait() == ExitCode.OK


def test_leaving_says_what_trains_on(tmp_path: Path) -> None:
    """The name of a run that is alive stands on the terminal afterwards."""
    run = write_run(tmp_path, "one")
    with LockHolder(run.lock) as worker:
        write_status(run.status, Status(state="running", step=4, steps=9, pid=worker.pid))
        session = _open(tmp_path)
        session.wait_for("running")
        session.type("\x03")
        assert session.wait() == ExitCode.OK
        assert "one trains on" in session.text


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM"])
def test_a_signal_ends_it_and_restores_the_terminal(name: str, tmp_path: Path) -> None:
    """The exit code says which; the alternate screen and the mouse are off again."""
    number = signal.Signals[name]
    session = _open(tmp_path)
    os.kill(session.process.pid, number)
    assert session.wait() == 128 + number
    for mode in (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?25h"):
        assert mode in session.output, mode


def test_a_terminal_that_goes_away_ends_it(tmp_path: Path) -> None:
    """Nobody is left to see it, so it must not stay behind, and training must not notice."""
    run = write_run(tmp_path, "one")
    with LockHolder(run.lock) as worker:
        session = _open(tmp_path)
        session.hang_up()
        assert session.process.returncode is not None
        assert worker.alive


def test_a_terminal_that_goes_without_a_signal_ends_it_too(tmp_path: Path) -> None:
    """Where no signal comes, because it controls nothing, it is missed all the same."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ganterm", "app", "--runs-dir", tmp_path],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
    )
    os.close(slave)
    seen = b""
    while b"quit" not in seen:
        seen += os.read(master, 65536)
    os.close(master)
    assert process.wait(60) == 128 + signal.SIGHUP
