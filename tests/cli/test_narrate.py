"""Holds what standard error shows of long work: nothing if quick, a bar or plain lines if not."""

import io
import sys
import threading

import pytest

from ganterm.cli import narrate
from ganterm.cli.narrate import ProgressReporter, Waiting, say


class Screen(io.StringIO):
    """A standard error that is a terminal and tells when something was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        count = super().write(text)
        self.written.set()
        return count


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_quick_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    for bar in (True, False):
        with ProgressReporter(bar=bar, clock=clock) as report:
            for done in range(1, 6):
                clock.now += 0.05
                report("reading", done, 5, "images")
    with Waiting("Thinking"):
        pass
    assert told(capsys) == []


def test_long_work_says_a_plain_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with ProgressReporter(bar=False, clock=clock) as report:
        for done in range(0, 13_000, 1_000):
            report("reading x", done, 12_000, "images")
            clock.now += 1
    assert told(capsys) == [
        "reading x: 2,000 images of 12,000 images",
        "reading x: 7,000 images of 12,000 images",
        "reading x: 12,000 images of 12,000 images",
    ]


def test_bytes_are_counted_in_larger_units(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with ProgressReporter(bar=False, clock=clock) as report:
        report("fetching", 1, None, "bytes")
        clock.now += 3
        report("fetching", 3 << 19, None, "bytes")
        clock.now += 6
        report("fetching", 3 << 30, 4 << 30, "bytes")
    assert told(capsys) == ["fetching: 1.5 MiB", "fetching: 3.0 GiB of 4.0 GiB"]


def test_a_bar_shows_what_is_done_with_names_made_safe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the captured stream for a terminal
    clock = Clock()
    with ProgressReporter(bar=True, clock=clock) as report:
        report("reading [bold]a\x1b[2Jb", 1, 4, "images")
        clock.now += 1
        report("reading [bold]a\x1b[2Jb", 3, 4, "images")
    shown = "\n".join(told(capsys))
    assert "reading [bold]a\\x1b[2Jb" in shown
    assert "\x1b[2J" not in shown
    assert "3 images of 4 images" in shown


def test_a_bar_needs_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    with ProgressReporter(clock=clock) as report:
        report("reading", 1, 2, "images")
        clock.now += 3
        report("reading", 2, 2, "images")
    assert told(capsys) == ["reading: 2 images of 2 images"]


def test_sentences_are_made_safe(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[2Jb\nc")
    assert told(capsys) == ["a\\x1b[2Jb\\nc"]


def test_slow_work_is_told_once_away_from_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain line appears once the time is up."""
    said: list[str] = []
    spoken = threading.Event()

    def say(sentence: str) -> None:
        said.append(sentence)
        spoken.set()

    monkeypatch.setattr(narrate, "LINE_AFTER", 0.0)
    monkeypatch.setattr(narrate, "say", say)
    with Waiting("Thinking"):
        assert spoken.wait(30)
    assert said == ["Thinking ..."]


def test_a_terminal_counts_the_seconds_and_is_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is drawn in place and erased at the end."""
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(narrate, "BAR_AFTER", 0.0)
    with Waiting("Thinking"):
        assert screen.written.wait(30)
    assert screen.getvalue().startswith("\rThinking ... 0 s\x1b[K")
    assert screen.getvalue().endswith("\r\x1b[K")
