"""Following for programs: the very records of the journal on standard output."""

from __future__ import annotations

import sys
from typing import TextIO

from ganterm.cli.follow.words import History
from ganterm.cli.narrate import say
from ganterm.core import jsontext
from ganterm.core.records import Record, encode
from ganterm.runs.state import RunView


class JsonReporter:
    """Prints each record as the journal has it, one a line, as soon as it is there."""

    @property
    def stream(self) -> TextIO:
        """Standard output."""
        return sys.stdout

    def open(self, history: History) -> None:
        """Do nothing: nothing comes before the first record."""

    def record(self, record: Record, history: History) -> None:
        """Print the record."""
        sys.stdout.buffer.write(jsontext.dump_line(encode(record)))
        sys.stdout.buffer.flush()

    def tick(self, view: RunView, history: History) -> None:
        """Do nothing: the records say it all."""

    def ask(self) -> None:
        """Tell a person who reads JSON what a second Ctrl-C does."""
        say("Ctrl-C again stops training with a checkpoint.")

    def note(self, sentence: str) -> None:
        """Narrate on standard error."""
        say(sentence)

    def close(self, view: RunView, history: History) -> None:
        """Do nothing: the end record was the last word."""
