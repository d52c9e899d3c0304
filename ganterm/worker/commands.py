"""The commands that wait for a worker, each handed out once."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

from ganterm.runs import control
from ganterm.runs.control import Command


class Inbox:
    """The control directory as its worker sees it.

    `answered` are the ids of commands found at the start that an earlier worker obeyed and had
    no time to remove; `missed` the ids of those that only the earlier worker was to obey.
    """

    def __init__(self, directory: Path, answered: Iterable[str], missed: Iterable[str]) -> None:
        self._directory = directory
        self._answered = set(answered)
        self._missed = frozenset(missed)

    def take(self) -> Iterator[Command]:
        """Yield the commands that wait, oldest first; `remove` each once it is answered."""
        for command in control.pending(self._directory):
            if command.id in self._answered:
                self._try_to_remove(command)
            elif command.id in self._missed:
                yield dataclasses.replace(command, error="the worker it was meant for has ended")
            else:
                yield command

    def remove(self, command: Command) -> None:
        """Forget a command that has been answered in the journal."""
        self._answered.add(command.id)
        self._try_to_remove(command)

    def _try_to_remove(self, command: Command) -> None:
        # Another user's file may not be ours to remove; its id keeps it from being obeyed again.
        with contextlib.suppress(OSError):
            control.done(command)
            # Gone, so that a file of this name is a new command from now on.
            self._answered.discard(command.id)
