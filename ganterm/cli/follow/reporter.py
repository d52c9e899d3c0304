"""What every way of following a run has in common."""

from __future__ import annotations

from typing import Protocol, TextIO

from ganterm.core.records import Record
from ganterm.runs.history import RunHistory
from ganterm.runs.state import RunView

ASK = "Ctrl-C again or s: stop with a checkpoint · d: detach, training goes on · other: follow on"


class RunReporter(Protocol):
    """Shows a run to somebody. `history` has already taken in what a method is told of."""

    @property
    def stream(self) -> TextIO:
        """Where it shows the run."""

    def open(self, history: RunHistory) -> None:
        """Begin, with what happened before."""

    def record(self, record: Record, history: RunHistory) -> None:
        """Show one new record of the journal."""

    def tick(self, view: RunView, history: RunHistory) -> None:
        """Bring up to date what moves; called several times a second."""

    def ask(self) -> None:
        """Somebody pressed Ctrl-C: say what can be done."""

    def note(self, sentence: str) -> None:
        """Say something about following itself."""

    def close(self, view: RunView, history: RunHistory) -> None:
        """Finish; the run ended, or the follower leaves it."""
