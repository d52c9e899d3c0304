"""Following a run whose worker is a stand-in, so that every ending can be staged."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from ganterm.cli.follow.follower import Follower, RunReporter
from ganterm.cli.follow.reporters import JsonReporter, PlainReporter
from ganterm.cli.follow.terminal import TerminalReporter
from ganterm.core.errors import ExitCode, WorkerError
from ganterm.core.records import STOOD_BACK, Record
from ganterm.render.raster import Raster
from ganterm.render.sheet import save_sheet
from ganterm.render.words import clock
from ganterm.runs import control
from ganterm.runs.history import RunHistory
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.state import RunView, observe
from ganterm.runs.status import Status, write_status
from tests.records import record as record_of


class Script:
    """A worker process that does one thing each time it is looked at, then ends."""

    def __init__(self, *acts: Callable[[], object], code: int = 0) -> None:
        self.acts: Iterator[Callable[[], object]] = iter(acts)
        self.code = code

    def last_words(self) -> list[str]:
        return []

    def poll(self) -> int | None:
        act = next(self.acts, None)
        if act is None:
            return self.code
        act()
        return None


class Recorder(RunReporter):
    """A reporter that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @property
    def stream(self) -> TextIO:
        return io.StringIO()

    def open(self, history: RunHistory) -> None:
        self.told.append("open")

    def record(self, record: Record, history: RunHistory) -> None:
        self.told.append(record.kind)

    def ask(self) -> None:
        self.told.append("ask")

    def note(self, sentence: str) -> None:
        self.told.append(sentence)

    def close(self, view: RunView, history: RunHistory) -> None:
        self.told.append("close")


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return create_run(tmp_path, "a-run", "dcgan-8x8")


@pytest.fixture
def journal(run: RunDir) -> Iterator[JournalWriter]:
    with JournalWriter(run.journal) as writer:
        yield writer


def begin(journal: JournalWriter) -> None:
    journal.write(record_of("start", 0, steps=10, epochs=None, device="cpu", config={}))


def end(journal: JournalWriter, reason: str = "finished", code: int = 0) -> None:
    journal.write(record_of("end", 10, reason=reason, message="", exit_code=code))


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_a_finished_run_is_shown_in_order_and_exits_with_zero(
    run: RunDir, journal: JournalWriter
) -> None:
    """Every record reaches the reporter once, in order, before it is closed."""
    reporter = Recorder()
    script = Script(lambda: begin(journal), lambda: None, lambda: end(journal))
    assert Follower(run, reporter, lambda: script).follow() is ExitCode.OK
    assert reporter.told == ["open", "start", "end", "close"]


def test_a_failed_run_exits_with_the_code_its_journal_names(
    run: RunDir, journal: JournalWriter
) -> None:
    """The end record's exit code is the follower's."""
    script = Script(lambda: begin(journal), lambda: end(journal, "failed", 3), code=3)
    assert Follower(run, Recorder(), lambda: script).follow() is ExitCode.DATA


def test_a_worker_that_dies_without_a_word_is_named_as_dead(
    run: RunDir, journal: JournalWriter
) -> None:
    """The error says at which step, by which signal, and how to go on."""
    script = Script(lambda: begin(journal), lambda: journal.write(record_of("metrics", 7)), code=-9)
    with pytest.raises(WorkerError, match=r"step 7 \(killed by signal 9\).*ganterm resume a-run"):
        Follower(run, Recorder(), lambda: script).follow()


def test_a_worker_that_stood_back_is_told_once_whatever_ended_the_run_before(
    run: RunDir, journal: JournalWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    """A finished run that could not go on: its sentence, and its code instead of the old 0."""
    begin(journal)
    end(journal)
    write_status(run.status, Status(state="finished", step=10, steps=10))
    run.log.write_text("There is no folder /pictures.\n")

    def stand_back() -> None:
        journal.write(
            record_of("alert", 10, code=STOOD_BACK, message="There is no folder.", remedy="")
        )

    reporter = Recorder()
    follower = Follower(run, reporter, lambda: Script(stand_back, code=3))
    assert follower.follow() is ExitCode.DATA
    assert reporter.told == ["open", "close"]
    assert capsys.readouterr().err == "ganterm: There is no folder /pictures.\n"


def test_the_end_of_an_earlier_worker_is_not_that_of_one_that_died(
    run: RunDir, journal: JournalWriter
) -> None:
    """A resumed run whose worker is killed before its first word has not finished again."""
    begin(journal)
    end(journal)
    with pytest.raises(WorkerError, match="killed by signal 9"):
        Follower(run, Recorder(), lambda: Script(lambda: None, code=-9)).follow()


def test_the_first_interrupt_asks_and_the_second_stops(run: RunDir, journal: JournalWriter) -> None:
    """Two interrupts post one stop command, and the follower ends as interrupted."""
    reporter = Recorder()
    asked: list[int] = []

    def look() -> None:
        asked.append(len(control.pending(run.control)))

    script = Script(
        lambda: begin(journal), interrupt, lambda: None, look, interrupt, lambda: None, look,
        lambda: end(journal, "stopped"),
    )  # fmt: skip
    assert Follower(run, reporter, lambda: script).follow() is ExitCode.SIGINT
    assert "ask" in reporter.told
    assert asked == [0, 1]
    assert [command.name for command in control.pending(run.control)] == ["stop"]


def test_a_termination_stops_the_run_and_says_so(run: RunDir, journal: JournalWriter) -> None:
    """Who terminates the follower wants the training ended too."""
    script = Script(
        lambda: begin(journal),
        lambda: os.kill(os.getpid(), signal.SIGTERM),
        lambda: None,
        lambda: end(journal, "stopped"),
    )
    assert Follower(run, Recorder(), lambda: script).follow() is ExitCode.SIGTERM
    assert [command.name for command in control.pending(run.control)] == ["stop"]


def test_a_hang_up_leaves_the_run_alone(run: RunDir, journal: JournalWriter) -> None:
    """A run outlives the terminal that it was started from."""
    script = Script(lambda: begin(journal), lambda: os.kill(os.getpid(), signal.SIGHUP))
    assert Follower(run, Recorder(), lambda: script).follow() is ExitCode.SIGHUP
    assert control.pending(run.control) == []


def test_a_signal_while_the_worker_starts_is_answered(run: RunDir, journal: JournalWriter) -> None:
    """No moment of a start leaves a run behind that nobody speaks for."""

    def start() -> Script:
        os.kill(os.getpid(), signal.SIGTERM)
        return Script(lambda: begin(journal), lambda: None, lambda: end(journal, "stopped"))

    assert Follower(run, Recorder(), start).follow() is ExitCode.SIGTERM
    assert [command.name for command in control.pending(run.control)] == ["stop"]


def test_signals_are_the_callers_again_afterwards(run: RunDir, journal: JournalWriter) -> None:
    """Following borrows the handlers and gives them back."""
    before = signal.getsignal(signal.SIGINT)
    begin(journal)
    end(journal)
    Follower(run, Recorder(), Script).follow()
    assert signal.getsignal(signal.SIGINT) is before


def test_json_lines_are_the_very_lines_of_the_journal(
    run: RunDir, journal: JournalWriter, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Standard output has the journal byte for byte, history included."""
    begin(journal)
    journal.write(record_of("metrics", 10, d_loss=float("nan"), g_loss=0.1))
    end(journal)
    Follower(run, JsonReporter(), Script, replay=True).follow()
    out = capfdbinary.readouterr().out
    assert out == run.journal.read_bytes()
    assert [json.loads(line)["kind"] for line in out.splitlines()] == ["start", "metrics", "end"]


def test_plain_lines_are_spaced_and_free_of_control_bytes(
    run: RunDir, capsys: pytest.CaptureFixture[str]
) -> None:
    """Progress comes every few seconds, and foreign text cannot reach the terminal raw."""
    now = [0.0]
    history = RunHistory()
    history.add(record_of("start", 0, steps=100))
    reporter = PlainReporter(run, clock=lambda: now[0])
    view: Any = None
    reporter.open(history)
    for step in range(1, 21):
        now[0] += 1.0
        history.add(record_of("metrics", step, now[0], d_loss=1.0))
        reporter.tick(view, history)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert all(re.match(r"\d\d:\d\d:\d\d a-run: ", line) for line in lines)
    alert = record_of("alert", 1, 1.0, message="\x1b]0;owned\x07")
    reporter.record(alert, history)
    assert "\x1b" not in capsys.readouterr().err


ALERT: dict[str, Any] = {
    "code": "stall",
    "message": "Training stands still.",
    "remedy": "halve lr_g, or r1",
    "evidence": {"steps": 150},
}
STORY: list[Record] = [
    record_of("start", 0, steps=9, device="cpu", config={"lr_g": 2}),
    record_of("sample", 1, path="samples/step-00000001.png"),
    record_of("judged", 6, judge="x", n=10, fid=1.5, recall=0.5),
    record_of("alert", 7, **ALERT),
    record_of("control", 7, name="set", id="doctor-stall-7-lr_g", args={"key": "lr_g", "value": 1}),
    record_of(
        "alert", 7, **{**ALERT, "cleared": True, "message": "The losses move again.", "remedy": ""}
    ),
    record_of(
        "alert",
        7,
        **{**ALERT, "code": "data", "message": "Two images were left out.", "evidence": None},
    ),
]
TOLD = [
    "training for 9 steps on cpu",
    "sample at step 1: samples/step-00000001.png",
    "step 6: judged: fid 1.5, recall 0.5",
    "step 7: failure: Training stands still. What helps: halve lr_g, or r1.",
    "step 7: remedy for stall: lr_g: 2 to 1",
    "step 7: over: The losses move again.",
    "step 7: note: Two images were left out. halve lr_g, or r1",
]


@pytest.mark.parametrize("quiet", [False, True])
def test_scores_alerts_and_remedies_are_told_with_their_time(
    run: RunDir, capsys: pytest.CaptureFixture[str], quiet: bool
) -> None:
    """How grave it is and what helps stand beside it; --quiet leaves what is not grave out."""
    history = RunHistory()
    reporter = PlainReporter(run, quiet=quiet)
    for each in STORY:
        history.add(each)
        reporter.record(each, history)
    lines = capsys.readouterr().err.splitlines()
    expected = [TOLD[index] for index in (0, 3, 4)] if quiet else TOLD
    assert lines == [f"{clock(0.0)} a-run: {words}" for words in expected]
    # Who comes later hears what stands.
    history = RunHistory()
    for each in STORY[:4]:
        history.add(each)
    PlainReporter(run, quiet=quiet).open(history)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ", 1)[1] for line in lines] == [TOLD[3], *([] if quiet else [TOLD[2]])]


@pytest.mark.parametrize("charset", ["halfblock", "ascii"])
def test_without_a_terminal_the_last_samples_are_drawn_as_text(
    run: RunDir,
    journal: JournalWriter,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    charset: str,
) -> None:
    """A log or a notebook has them as blocks or letters, without a control byte."""
    monkeypatch.setenv("GANTERM_CHARSET", charset)
    monkeypatch.delenv("GANTERM_COLOR", raising=False)
    images = [Raster(8, 8, 1, bytes([0] * 32 + [255] * 32))] * 4
    save_sheet(images, 2, run.sample_path(3))
    begin(journal)
    journal.write(record_of("sample", 3, path=run.relative(run.sample_path(3))))
    end(journal)
    Follower(run, PlainReporter(run), Script).follow()
    said = capsys.readouterr().err
    assert f"{run.name}: samples of step 3:\n" in said
    assert ("█" if charset == "halfblock" else "@") * 8 in said
    assert "\x1b" not in said
    assert said.isascii() == (charset == "ascii")


def test_what_a_resume_voids_is_not_drawn(
    run: RunDir, journal: JournalWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    """Samples of a step that was lost are not those of the run."""
    begin(journal)
    for step in (3, 6):
        save_sheet([Raster(8, 8, 1, bytes(64))], 1, run.sample_path(step))
        journal.write(record_of("sample", step, path=run.relative(run.sample_path(step))))
    journal.write(record_of("resume", 3, steps=10, controls=0))
    end(journal)
    Follower(run, PlainReporter(run), Script).follow()
    said = capsys.readouterr().err
    assert f"{run.name}: samples of step 3:\n" in said
    assert "samples of step 6" not in said


def test_without_a_terminal_early_samples_are_drawn_as_they_come(
    run: RunDir, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a run changes most; --quiet draws none."""
    run.samples.mkdir(exist_ok=True)
    samples = [record_of("sample", step, path=f"samples/{step}.png") for step in (10, 20)]
    for shade, sample in zip((255, 128), samples, strict=True):
        save_sheet([Raster(8, 8, 1, bytes([shade] * 64))], 1, run.path / sample.path)
    for quiet, shades in ((False, "█"), (True, "")):
        history, reporter = RunHistory(), PlainReporter(run, quiet=quiet)
        for sample in samples:
            history.add(sample)
            reporter.record(sample, history)
        lines = capsys.readouterr().err.splitlines()
        drawn = "".join(line for line in lines if "a-run: " not in line)
        assert "".join(sorted(set(drawn))) == shades


def test_a_terminal_shows_scores_beside_the_losses_and_what_helps(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest scores move with the losses; their way is drawn at the end, as losses are."""
    for name, value in {"COLUMNS": "100", "FORCE_COLOR": "1", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr", screen := io.StringIO())
    history, reporter = RunHistory(), TerminalReporter(run)
    reporter.open(history)
    metrics = [record_of("metrics", step, 1.0, d_loss=1.0, g_loss=1.0) for step in (7, 8)]
    later = record_of("judged", 8, judge="x", n=10, fid=1.25, recall=0.5)
    for each in [*STORY, *metrics, later]:
        history.add(each)
        reporter.record(each, history)
    reporter.tick(observe(run), history)
    reporter.close(dataclasses.replace(observe(run), state="finished"), history)
    text = screen.getvalue()
    assert f"{clock(0.0)} step 7  failure: Training stands still." in text
    assert "  What helps: halve lr_g, or r1." in text
    assert "fid 1.25, recall 0.5 at step 8" in text
    assert "Frechet distance by judgements" in text


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, ExitCode.SIGINT),
        (signal.SIGTERM, ExitCode.SIGTERM),
        (signal.SIGHUP, ExitCode.SIGHUP),
    ],
)
def test_whoever_watches_leaves_while_a_long_history_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: ExitCode
) -> None:
    """A signal ends the reading, not the run."""
    follower = Follower(RunDir(tmp_path), Recorder())
    read: list[int] = []

    def parts() -> Iterator[list[object]]:
        for block in range(100):
            read.append(block)
            if block == 3:
                os.kill(os.getpid(), number)
            yield []

    monkeypatch.setattr(follower._journal, "read", parts)
    assert follower.follow() is code
    assert len(read) < 10


def test_a_terminal_asks_before_it_has_anything_to_show(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that Ctrl-C is answered while a long history is read."""
    monkeypatch.setattr("sys.stderr", screen := io.StringIO())
    TerminalReporter(run).ask()
    assert "Ctrl-C again or s: stop with a checkpoint" in " ".join(screen.getvalue().split())


def test_whoever_started_a_run_stops_it_while_its_long_history_is_read(
    run: RunDir, journal: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second Ctrl-C is obeyed at once, as it is later on."""
    asked: list[int] = []

    def parts() -> Iterator[list[object]]:
        for block in range(10):
            if block in {2, 4}:
                interrupt()
            asked.append(len(control.pending(run.control)))
            yield []

    reporter = Recorder()
    script = Script(lambda: begin(journal), lambda: end(journal, "stopped"))
    follower = Follower(run, reporter, lambda: script)
    monkeypatch.setattr(follower._journal, "read", parts)
    assert follower.follow() is ExitCode.SIGINT
    assert asked == [0] * 5 + [1] * 5
    assert reporter.told[:3] == ["ask", "stopping with a checkpoint at the next step", "open"]
