"""A word while something takes its time, and none when it does not."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from ganterm.cli import narrate
from ganterm.cli.narrate import Waiting


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


def test_quick_work_is_not_mentioned(capsys: pytest.CaptureFixture[str]) -> None:
    """What is over at once leaves standard error empty."""
    with Waiting("Thinking"):
        pass
    assert capsys.readouterr().err == ""


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
