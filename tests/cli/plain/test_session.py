"""The app in lines: what is told, what can be typed, and that nothing but lines is printed."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ganterm.cli.plain import session
from ganterm.cli.plain.beginning import COMMANDS
from ganterm.cli.plain.session import LONGEST, LineReader, PlainSession
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.manage import read_note
from tests.records import record as record_of
from tests.tui.driving import write_run
from tests.tui.living import LivingRun


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
        self.reader = Typist(lines)
        self.session = PlainSession(runs_dir, self.reader, self.said.append, clock=lambda: self.now)

    def run(self, run: RunDir | None = None) -> list[str]:
        self.session.run(run)
        return self.said

    def type(self, line: str) -> list[str]:
        before = len(self.said)
        self.session.obey(line)
        return self.said[before:]

    def look_again(self) -> None:
        """Let the next look see what has become of the worker."""
        assert self.session._watching is not None
        self.session._watching._look_again = 0.0

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


def test_whenever_it_is_left_it_says_that_training_goes_on(tmp_path: Path) -> None:
    """A signal may come while the very first line is being written."""
    with LivingRun(tmp_path) as living:
        desk = Desk(tmp_path)

        def write(line: str) -> None:
            desk.said.append(line)
            if line.startswith("step"):
                sys.exit(143)

        with pytest.raises(SystemExit):
            PlainSession(tmp_path, desk.reader, write).run(living.run)
    assert desk.said[-1] == "dcgan-001 trains on.\n"


def test_a_run_that_ended_is_told_and_left(tmp_path: Path) -> None:
    """State and last losses, once."""
    said = Desk(tmp_path).run(write_run(tmp_path, "one"))
    assert said[1] == "one has finished.\n"
    assert said[2].startswith("step 400 of 400, D loss 0.608, G loss 2.192")
    assert len(said) == 3


def test_what_happens_is_told_as_it_happens(tmp_path: Path) -> None:
    """Alerts and answers at once; progress, checkpoints and samples only now and then."""
    run = write_run(tmp_path, "one")
    desk = Desk(tmp_path)
    desk.type("watch one")
    assert desk.look() == []
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("metrics", 500, g_loss=1.5))
        journal.write(
            record_of("alert", 500, code="x", message="D is too strong.", remedy="Lower lr_d.")
        )
        journal.write(
            record_of("checkpoint", 500, path="checkpoints/step-00000500.safetensors", digest="")
        )
        journal.write(
            record_of(
                "control", 500, id="1", name="set", args={"key": "lr_g", "value": 1}, error=""
            )
        )
        journal.write(record_of("control", 501, id="2", name="stop", args={}, error="not now"))
        journal.write(record_of("sample", 500, path="samples/step-00000500.png"))
    told = "".join(desk.look())
    assert ", step 500: note: D is too strong. Lower lr_d.\n" in told
    assert ", step 500: lr_g: now 1\n" in told
    assert "stop was refused: not now" in told
    assert "G loss 1.500" not in told
    assert "checkpoint" not in told
    desk.now = session.TELL_SECONDS
    (progress,) = desk.look()
    assert progress.startswith("step 500 of 400, D loss 0.608, G loss 1.500, ")
    assert progress.endswith(", 1 checkpoint, new samples\n")
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
        journal.write(record_of("metrics", 500, g_loss=1.5))
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
        ("status", "No run is watched"),
        ("pause", "No run is watched"),
        ("set lr_g", "KEY=VALUE"),
        ("set batch_size=3", "cannot be changed while training"),
        ("set lr_g=-1", "lr_g"),
        ("set no_such=1", "no_such"),
        ("help bogus", "no command"),
        ("wait", "No run is watched"),
        ("every -1", "number of seconds"),
        ("every inf", "number of seconds"),
        ("start", "takes a recipe"),
        ("start nothing", "There is no recipe 'nothing'"),
        ("start dcgan-8x8 seed=x", "seed must be"),
        ("start dcgan-8x8 bogus=1", "no setting 'bogus'"),
        ("start dcgan-8x8 'a", "quotation mark"),
        ("start dcgan", "fetch mnist downloads it"),
        ("start dcgan-8x8 dataset=./absent", "There is no folder ./absent"),
        ("start dcgan-8x8 name=../up", "cannot name a run"),
        ("fetch nothing", "no dataset called 'nothing'"),
        ("delete", "takes the name"),
        ("delete nothing yes", "there is no run 'nothing'"),
        ("branch 5", "No run is watched"),
        ("branch five", "branch takes a step"),
        ("note x", "No run is watched"),
        ("describe", "No run is watched"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, words: str
) -> None:
    """And the session goes on; nothing was made."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    (said,) = Desk(tmp_path).type(line)
    assert words in said
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_trains_is_steered(tmp_path: Path) -> None:
    """Commands are left where the worker takes them, answers are told as they come."""
    with LivingRun(tmp_path, lr_g=2e-4) as living:
        living.train(8)
        desk = Desk(tmp_path)
        desk.type("watch dcgan-001")
        assert desk.type("pause") == ["Asked for: pausing.\n"]
        assert desk.type("resume") == ["Asked for: going on.\n"]
        for line in ("checkpoint", "sample", "stop", "set lr-g=1e-3", "undo"):
            assert desk.type(line)[0].startswith("Asked for: ")
        assert "takes nothing" in desk.type("stop now")[0]
        assert "no change to undo" in desk.type("undo")[0]
        taken = living.answer()
        names = ["pause", "resume", "checkpoint", "sample", "stop", "set", "set"]
        assert [command.name for command in taken] == names
        assert [command.args.get("value") for command in taken[-2:]] == [1e-3, 2e-4]
        told = desk.look()
        assert told[0] == "paused at step 8.\n"
        assert told[5:] == ["lr_g to 0.001 from step 8 on.\n", "lr_g to 0.0002 from step 8 on.\n"]
        desk.type("set d_steps=2")
        living.answer("not today")
        assert desk.look() == ["d_steps to 2 was refused: not today.\n"]
        assert "is training" in desk.type("resume")[0]


def test_a_run_that_does_not_train_takes_no_commands(tmp_path: Path) -> None:
    """It says what would make it take them."""
    write_run(tmp_path, "one")
    desk = Desk(tmp_path)
    desk.type("watch one")
    for line in ("pause", "stop", "set lr_g=1e-3", "undo", "checkpoint"):
        assert desk.type(line) == ["one is not training; resume trains it on.\n"]


def test_a_worker_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    """What was asked of it is not awaited any more."""
    with LivingRun(tmp_path) as living:
        living.train(8)
        living.run.log.write_text("one\ntwo\nthree\nfour \x1b[2J\n")
        desk = Desk(tmp_path)
        desk.type("watch dcgan-001")
        desk.type("pause")
        living.die()
        desk.look_again()
        told = desk.look()
    assert told[0].startswith("dcgan-001 has crashed: its worker died without a word after step 8;")
    assert told[1:4] == [
        "The worker printed: two\n",
        "The worker printed: three\n",
        "The worker printed: four \\x1b[2J\n",
    ]
    assert told[4] == "resume trains it on.\n"
    assert told[-1] == "Not answered, for no worker is at work: pausing.\n"


def test_a_worker_that_says_nothing_is_alive(tmp_path: Path) -> None:
    """It is told once, and never as a crash."""
    with LivingRun(tmp_path) as living:
        living.train(8)
        living.report("running", updated=time.time() - 60)
        desk = Desk(tmp_path)
        told = desk.type("watch dcgan-001")
        assert told[-1].startswith("No word from the worker for 1 min")
        assert desk.look() == []
        living.report("running")
        assert desk.look() == []


def test_the_only_run_that_trains_is_watched(tmp_path: Path) -> None:
    """At the end of the input it is left, and goes on."""
    write_run(tmp_path, "one")
    with LivingRun(tmp_path) as living:
        living.train(8)
        told = Desk(tmp_path).run()
    assert "dcgan-001 is training.\n" in told
    assert told[-1] == "dcgan-001 trains on.\n"


def test_answers_are_awaited_at_the_end_of_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not for ever."""
    with LivingRun(tmp_path) as living:
        living.train(8)
        desk = Desk(tmp_path, "pause")
        looks = 0

        def wait(_seconds: float) -> list[str]:
            nonlocal looks
            looks += 1
            desk.now += 1.0
            return []

        desk.session.watch(living.run)
        desk.type("pause")
        desk.reader.ended = True
        monkeypatch.setattr(desk.reader, "wait", wait)
        desk.session.run(living.run)
        assert looks == 1
        desk.session.order("pause")
        desk.session.go_on()
        assert looks == 1 + session.ANSWER_SECONDS


def test_wait_keeps_what_follows_until_the_run_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or until its seconds are over."""
    with LivingRun(tmp_path) as living:
        living.train(8)
        desk = Desk(tmp_path, "wait 3", "status", "wait", "losses")
        moments: list[str] = []

        def look() -> None:
            PlainSession.look(desk.session)
            desk.now += 1.0
            moments.append(desk.said[-1])
            if desk.now > 20:
                living.die()
                desk.look_again()

        monkeypatch.setattr(desk.session, "look", look)
        told = desk.run(living.run)
    status = next(line for line in told if line.startswith("step 8 of 1,000, 0 percent"))
    assert told.index(status) < next(i for i, line in enumerate(told) if "crashed" in line)
    assert told.index(status) < next(i for i, line in enumerate(told) if "Losses" in line)
    assert 3 <= next(i for i, line in enumerate(moments) if "dcgan on mnist" in line) < 15


def test_notes_settings_log_and_help(tmp_path: Path) -> None:
    """What is known can be asked for."""
    run = write_run(tmp_path, "one")
    run.log.write_text("all \x1b[2Jwell\n")
    desk = Desk(tmp_path, "help", "quit", "never")
    desk.type("watch one")
    desk.type("note keep this")
    assert read_note(run) == "keep this"
    assert desk.type("note") == ["keep this\n"]
    assert read_note(run) == "keep this"
    assert desk.type("note -") == ["The note is removed.\n"]
    assert desk.type("note") == ["There is no note on one.\n"]
    assert "lr_g: 0.0002, can be set\n" in desk.type("settings")
    assert "recipe: dcgan\n" not in desk.type("settings live")
    assert desk.type("log") == ["all \\x1b[2Jwell\n"]
    said = desk.run(run)
    assert {line.partition(":")[0].split()[0] for line in said[3:]} >= set(COMMANDS)
    assert "or live" in desk.type("settings bogus")[0]
    assert desk.type("help undo") == ["undo: take the last change of a setting back.\n"]
    assert "dcgan-8x8: " in "".join(desk.type("recipes"))
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


def test_a_line_without_end_fills_no_memory() -> None:
    """What is longer than any command is cut."""
    receiver, sender = os.pipe()
    reader = LineReader(receiver)
    for _ in range(3 * LONGEST // 4096):
        os.write(sender, b"x" * 4096)
        reader.wait(10)
        assert len(reader._held) <= LONGEST
    os.write(sender, b"\nquit\n")
    assert reader.wait(10)[-1] == "quit"
    os.close(sender)
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


def test_troubles_and_their_remedies_are_told_and_applied(tmp_path: Path) -> None:
    """What stands, what can be typed for it, the settings asked for; what is over is said so."""
    with LivingRun(tmp_path) as living:
        living.train(100)
        desk = Desk(tmp_path)
        desk.session.watch(living.run)
        assert desk.type("remedy") == ["The doctor finds no trouble.\n"]
        told = {"code": "d-too-strong", "message": "D wins", "remedy": "", "evidence": {}}
        living.say("alert", **told, cleared=False)
        assert ", step 100: warning: D wins\n" in "".join(desk.look())
        listed = desk.type("remedy")
        assert listed[0] == "d-too-strong since step 100: D wins\n"
        assert "remedy slower-d: halve lr_d (lr_d 0.0001), live\n" in listed
        assert any(line.startswith("remedy r1: ") and "as another run" in line for line in listed)
        assert (
            "There is no remedy 'x' for dcgan-001; there are slower-d" in desk.type("remedy x")[0]
        )
        desk.type("remedy slower-d")
        assert [command.args for command in living.answer()] == [{"key": "lr_d", "value": 1e-4}]
        living.say("alert", **told, cleared=True)
        assert ", step 100: over: D wins\n" in "".join(desk.look())
        assert desk.type("remedy") == ["The doctor finds no trouble.\n"]
