"""The app in lines: what is told, what can be typed, and that nothing but lines is printed."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ganterm.errors import GantermError
from ganterm.runs import control
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.manage import read_note
from ganterm.runs.status import Status, write_status
from ganterm.tui.plain import session
from ganterm.tui.plain.lines import LineReader
from ganterm.tui.plain.session import PlainSession
from tests.runs.helpers import Child
from tests.runs.test_lock import HOLDER
from tests.tui.driving import write_run


class Typist(LineReader):
    """Types some lines, one at each look, and then nothing more."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(-1)
        self._lines = list(lines)

    def wait(self, seconds: float) -> list[str]:
        self.ended = len(self._lines) <= 1
        return [self._lines.pop(0)] if self._lines else []


class Desk:
    """A session whose lines can be read."""

    def __init__(self, runs_dir: Path, *lines: str) -> None:
        self.said: list[str] = []
        self.now = 0.0
        self.session = PlainSession(
            runs_dir, Typist(lines), self.said.append, clock=lambda: self.now
        )

    def run(self, run: RunDir | None = None) -> list[str]:
        self.session.run(run)
        return self.said

    def type(self, line: str) -> list[str]:
        before = len(self.said)
        self.session.obey(line)
        return self.said[before:]

    def look(self) -> list[str]:
        before = len(self.said)
        self.session.look()
        return self.said[before:]


def test_it_lists_the_runs_and_leaves_when_nobody_types(tmp_path: Path) -> None:
    """Without a run and without input there is nothing to stay for."""
    write_run(tmp_path, "one")
    said = Desk(tmp_path).run()
    assert said[1] == f"1 of 1 runs in {tmp_path}:\n"
    assert said[2].startswith("one: finished, step 400, D loss 0.608, G loss 2.192, ")
    assert "no runs" in "".join(Desk(tmp_path / "none").run())


def test_a_run_that_ended_is_told_and_left(tmp_path: Path) -> None:
    """State and last losses, once."""
    said = Desk(tmp_path).run(write_run(tmp_path, "one"))
    assert said[1] == "one has finished.\n"
    assert said[2].startswith("step 400 of 400, D loss 0.608, G loss 2.192")
    assert len(said) == 3


def test_what_happens_is_told_as_it_happens(tmp_path: Path) -> None:
    """Alerts, checkpoints, answers and samples at once; progress only now and then."""
    run = write_run(tmp_path, "one")
    desk = Desk(tmp_path)
    desk.type("watch one")
    assert desk.look() == []
    with JournalWriter(run.journal) as journal:
        journal.write("metrics", 500, g_loss=1.5)
        journal.write("alert", 500, code="x", message="D is too strong.", remedy="Lower lr_d.")
        journal.write("checkpoint", 500, path="checkpoints/step-00000500.safetensors", digest="")
        journal.write(
            "control", 500, id="1", name="set", args={"key": "lr_g", "value": 1}, error=""
        )
        journal.write("control", 501, id="2", name="stop", args={}, error="not now")
        journal.write("sample", 500, path="samples/step-00000500.png")
    told = "".join(desk.look())
    assert "Alert at step 500: D is too strong. Lower lr_d." in told
    assert "Checkpoint of step 500" in told
    assert "set lr_g 1: done at step 500" in told
    assert "stop was refused: not now" in told
    assert "New samples of step 500: " in told
    assert "G loss 1.500" not in told
    desk.now = session.TELL_SECONDS
    assert "G loss 1.500" in "".join(desk.look())
    desk.now *= 3
    assert desk.look() == []


def test_how_often_progress_is_told_can_be_said(tmp_path: Path) -> None:
    """Every 0 seconds is never; nonsense is refused."""
    run = write_run(tmp_path, "one")
    desk = Desk(tmp_path)
    desk.type("watch one")
    assert "number of seconds" in desk.type("every often")[0]
    desk.type("every 0")
    with JournalWriter(run.journal) as journal:
        journal.write("metrics", 500, g_loss=1.5)
    desk.now = 1e6
    assert desk.look() == []
    desk.type("every 5")
    desk.now += 5
    assert len(desk.look()) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bogus", "no command"),
        ("watch nothing", "there is no run 'nothing'"),
        ("now", "No run is watched"),
        ("pause", "No run is watched"),
        ("set lr_g", "KEY=VALUE"),
        ("set batch_size=3", "cannot be changed while training"),
        ("set lr_g=-1", "lr_g"),
        ("set no_such=1", "no_such"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(tmp_path: Path, line: str, words: str) -> None:
    """And the session goes on."""
    (said,) = Desk(tmp_path).type(line)
    assert words in said


def test_a_run_that_trains_is_steered(tmp_path: Path) -> None:
    """Commands are left where the worker takes them; one that does not train takes none."""
    run = write_run(tmp_path, "one")
    desk = Desk(tmp_path)
    desk.type("watch one")
    assert "not training" in desk.type("pause")[0]
    with Child(HOLDER, run.lock) as worker:
        assert worker.hear() == "held"
        write_status(run.status, Status(state="running", step=4, steps=9, pid=worker.process.pid))
        desk.type("watch one")
        for line in ("pause", "go", "checkpoint", "sample", "stop", "set lr-g=1e-3"):
            assert desk.type(line) == ["Asked for; the answer comes at the next step.\n"]
        assert "takes nothing" in desk.type("stop now")[0]
    waiting = control.pending(run.control)
    names = ["pause", "resume", "checkpoint", "sample", "stop", "set"]
    assert [command.name for command in waiting] == names
    assert waiting[-1].args == {"key": "lr_g", "value": 1e-3}


def test_a_run_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, or the one that is watched; what keeps it from starting is told."""
    write_run(tmp_path, "one")
    started: list[str] = []

    def start(run: RunDir) -> None:
        if started:
            raise GantermError("the disk is full")
        started.append(run.name)

    monkeypatch.setattr(session, "start_worker", start)
    desk = Desk(tmp_path)
    assert "Starting one." in desk.type("resume one")[0]
    assert started == ["one"]
    assert desk.type("resume")[-1] == "the disk is full\n"


def test_notes_settings_log_and_help(tmp_path: Path) -> None:
    """What is known can be asked for."""
    run = write_run(tmp_path, "one")
    run.log.write_text("all \x1b[2Jwell\n")
    desk = Desk(tmp_path, "help", "quit", "never")
    desk.type("watch one")
    desk.type("note keep this")
    assert read_note(run) == "keep this"
    assert "lr_g: 0.0002\n" in desk.type("settings")
    assert desk.type("log") == ["all \\x1b[2Jwell\n"]
    said = desk.run(run)
    assert any(line.startswith("checkpoint: ") for line in said)
    assert not any("never" in line for line in said)


def test_lines_come_whole(tmp_path: Path) -> None:
    """Half a line waits for its end; the last one need not have any."""
    receiver, sender = os.pipe()
    reader = LineReader(receiver)
    os.write(sender, b"one\ntw")
    assert reader.wait(10) == ["one"]
    os.write(sender, b"o\r\n\n  \xff three")
    assert reader.wait(10) == ["two"]
    os.close(sender)
    assert reader.wait(10) == ["\ufffd three"]
    assert reader.ended
    assert reader.wait(0) == []
    os.close(receiver)


def test_the_command_prints_lines_alone(tmp_path: Path) -> None:
    """On a terminal too nothing but text and line ends is printed, and Textual is not loaded."""
    write_run(tmp_path, "one")
    master, slave = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ganterm", "app", "one", "--plain"],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "GANTERM_RUNS_DIR": str(tmp_path)},
        timeout=120,
        check=True,
    )
    os.close(slave)
    text = os.read(master, 1 << 16).decode()
    os.close(master)
    assert "one has finished." in text
    assert all(character.isprintable() or character in "\r\n" for character in text)
    assert "| textual" not in done.stderr
    assert "| torch" not in done.stderr
