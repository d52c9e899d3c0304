"""Following a run that a stand-in for a worker holds: it goes on, come what may."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganterm.core.errors import ExitCode
from ganterm.runs import control
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.state import observe
from ganterm.runs.status import Status, write_status
from tests.cli.pty_session import ForkedSession
from tests.records import record as record_of
from tests.runs.helpers import LockHolder

GOES_ON = "raining goes on; ganterm attach a-run follows it"
SECONDS = 120.0


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunDir]:
    """Give a run that is held for as long as the test lasts; fails if anything was asked of it."""
    run = create_run(tmp_path, "a-run", "dcgan-8x8")
    with JournalWriter(run.journal) as journal, LockHolder(run.lock) as worker:
        journal.write(record_of("start", 0, steps=10, epochs=None, device="cpu", config={}))
        journal.write(record_of("metrics", 4, d_loss=1.0, g_loss=1.0))
        write_status(run.status, Status(state="running", step=4, steps=10, pid=worker.pid))
        yield run
        assert observe(run).state == "running"
        assert control.pending(run.control) == []


def attach(
    run: RunDir, *options: str, stdout: int | None = None, stderr: int | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ganterm", "attach", str(run.path), *options],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, ExitCode.SIGINT),
        (signal.SIGTERM, ExitCode.SIGTERM),
        (signal.SIGHUP, ExitCode.SIGHUP),
    ],
)
def test_a_signal_leaves_the_run_alone_and_says_so(
    run: RunDir, number: signal.Signals, code: ExitCode
) -> None:
    """Once is enough, and the exit code says which it was."""
    process = attach(run, stderr=subprocess.PIPE)
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "a-run: 4/10" in first
    process.send_signal(number)
    _, said = process.communicate(timeout=SECONDS)
    assert GOES_ON in said
    assert "a-run: running at step 4" in said
    assert process.returncode == code


def test_a_reader_that_goes_away_leaves_the_run_alone_and_it_is_said(run: RunDir) -> None:
    """As in `ganterm attach --json | head -1`."""
    process = attach(run, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith('{"')
    process.stdout.close()
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("metrics", 5, d_loss=1.0, g_loss=1.0))
    assert process.stderr is not None
    assert GOES_ON in process.stderr.read()
    assert process.wait(SECONDS) == ExitCode.OK
    process.stderr.close()


def test_where_nobody_reads_what_is_said_it_just_leaves(run: RunDir) -> None:
    """As in `ganterm attach 2>&1 | head -1`."""
    process = attach(run, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    process.stderr.readline()
    process.stderr.close()
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("alert", 5, message="Look.", rule="stall", severity="warning"))
    assert process.wait(SECONDS) == ExitCode.OK


@pytest.mark.parametrize(
    ("keys", "code"), [("q", ExitCode.OK), ("\x03", ExitCode.SIGINT)], ids=["q", "ctrl-c"]
)
def test_a_key_leaves_the_run_alone_and_says_so(run: RunDir, keys: str, code: ExitCode) -> None:
    """On a terminal q leaves too, and nothing is asked."""
    session = ForkedSession(["attach", str(run.path)])
    session.wait_for("4/10")
    session.type(keys)
    assert session.wait() == code
    assert GOES_ON in session.text


def test_a_terminal_that_goes_without_a_signal_ends_it(run: RunDir) -> None:
    """Where no signal comes, because it controls nothing, its end is noticed all the same."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ganterm", "attach", str(run.path)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(slave)
    seen = b""
    while b"4/10" not in seen and select.select([master], [], [], SECONDS)[0]:
        seen += os.read(master, 1 << 16)
    os.close(master)
    assert process.wait(SECONDS) == ExitCode.SIGHUP


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_app_in_lines_leaves_the_run_alone_too(run: RunDir, number: signal.Signals) -> None:
    """It says so, and the exit code tells the signal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ganterm", "app", "--plain", str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    while "step 4" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(number)
    said, _ = process.communicate(timeout=SECONDS)
    assert "a-run trains on." in said
    assert process.returncode == 128 + number


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_be_drawn_over_is_followed_in_lines(run: RunDir, term: str) -> None:
    """Not a single escape sequence reaches it."""
    session = ForkedSession(["attach", str(run.path)], env={"TERM": term})
    session.wait_for("a-run: 4/10")
    session.type("q")
    assert session.wait() == ExitCode.OK
    assert b"\x1b" not in session.output
    assert GOES_ON in session.text
