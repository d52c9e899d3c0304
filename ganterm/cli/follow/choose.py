"""Which way of following fits where the command runs."""

from __future__ import annotations

import sys
from typing import TextIO

from ganterm.cli.follow.reporter import RunReporter
from ganterm.cli.narrate import say
from ganterm.core import jsontext
from ganterm.core.errors import ConfigError
from ganterm.core.records import Record, encode
from ganterm.render.colour import moves_cursor
from ganterm.runs.history import RunHistory
from ganterm.runs.layout import RunDir
from ganterm.runs.state import RunView


class JsonReporter:
    """Prints each record as the journal has it, one a line, as soon as it is there."""

    @property
    def stream(self) -> TextIO:
        """Standard output."""
        return sys.stdout

    def open(self, history: RunHistory) -> None:
        """Do nothing: nothing comes before the first record."""

    def record(self, record: Record, history: RunHistory) -> None:
        """Print the record."""
        sys.stdout.buffer.write(jsontext.dump_line(encode(record)))
        sys.stdout.buffer.flush()

    def tick(self, view: RunView, history: RunHistory) -> None:
        """Do nothing: the records say it all."""

    def ask(self) -> None:
        """Tell a person who reads JSON what a second Ctrl-C does."""
        say("Ctrl-C again stops training with a checkpoint.")

    def note(self, sentence: str) -> None:
        """Narrate on standard error."""
        say(sentence)

    def close(self, view: RunView, history: RunHistory) -> None:
        """Do nothing: the end record was the last word."""


def choose_reporter(run: RunDir, *, as_json: bool, quiet: bool = False) -> RunReporter:
    """Return JSON lines where asked for, moving pictures on a terminal, plain lines elsewhere.

    `quiet` takes few plain lines anywhere. Raises `ConfigError` where both are asked for.
    """
    if as_json and quiet:
        raise ConfigError("--json prints every record and --quiet hardly any; give one of them.")
    if as_json:
        return JsonReporter()
    if moves_cursor(sys.stderr) and not quiet:
        from ganterm.cli.follow.terminal import TerminalReporter  # noqa: PLC0415

        return TerminalReporter(run)
    from ganterm.cli.follow.plain import PlainReporter  # noqa: PLC0415

    return PlainReporter(run, quiet=quiet)
