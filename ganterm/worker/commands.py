"""What is asked of a run while it trains: commands, changes of live settings, a signal to stop."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Generic, Protocol, TypeVar

from ganterm.core.errors import ConfigError
from ganterm.core.records import AlertRecord, ControlRecord, PendingChange
from ganterm.render.text import safe_text
from ganterm.runs import control
from ganterm.runs.control import Command
from ganterm.runs.journal import JournalWriter


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


ConfigT = TypeVar("ConfigT")


class Tunable(Protocol[ConfigT]):
    """A training whose live settings can be changed, such as `ganterm.engine.loop.Trainer`."""

    config: ConfigT
    step: int

    def changed(self, key: str, value: object) -> ConfigT:
        """Return the present configuration with a live setting changed; raises `ConfigError`."""
        ...

    def besides(self, key: str, value: object) -> dict[str, object]:
        """Return what has to be set after a live setting that is about to be changed."""
        ...

    def use(self, config: ConfigT) -> None:
        """Train on under a configuration."""
        ...


class LiveChanges(Generic[ConfigT]):
    """Makes changes at a step boundary, those that wait for a certain step included.

    Attributes:
        made: how many changes of the run the trainer's state has seen.
        pending: changes to make again, in order.
        made_by: id of the last change made here, by the setting it changed.
    """

    def __init__(
        self,
        trainer: Tunable[ConfigT],
        journal: JournalWriter,
        made: int,
        pending: Iterable[PendingChange],
    ) -> None:
        self.made = made
        self.pending = deque(pending)
        self.made_by: dict[str, str] = {}
        self._trainer = trainer
        self._journal = journal

    @property
    def step(self) -> int:
        """Steps of the training that are done."""
        return self._trainer.step

    @property
    def config(self) -> ConfigT:
        """The settings in force."""
        return self._trainer.config

    def make(self, identity: str, key: str, value: object) -> None:
        """Change a setting and what goes with it, or write down why not."""
        besides = self._trainer.besides(key, value)
        if self._make(identity, key, value):
            for other, needed in besides.items():
                self._make(f"{identity}-{other}", other, needed)
                message = f"{key} was set, so {other} is {needed:g} from here on."
                self._journal.write(AlertRecord(step=self.step, code="settings", message=message))

    def _make(self, identity: str, key: str, value: object) -> bool:
        changed, error = None, ""
        try:
            changed = self._trainer.changed(key, value)
        except ConfigError as refused:
            error = str(refused)
        # In the journal before it takes effect: a change that is not there is never made.
        args = {"key": key, "value": value}
        self._journal.write(
            ControlRecord(step=self.step, id=identity, name="set", args=args, error=error)
        )
        if changed is not None:
            self._trainer.use(changed)
            self.made += 1
            self.made_by[key] = identity
        return changed is not None

    def make_due(self) -> None:
        """Make again what was changed at this step, or before it, in an earlier life."""
        while self.pending and self.pending[0].step <= self._trainer.step:
            change = self.pending.popleft()
            self._make(change.id, change.args["key"], change.args["value"])


class LastWords:
    """Says why a worker ends in its log, and through a pipe to whoever started it.

    Either may be gone, and the log may lie on the disk that is full. Nothing is said twice.
    """

    def __init__(self, pipe: int | None) -> None:
        self._pipe = pipe
        self._said = ""
        if pipe is not None:
            os.set_inheritable(pipe, False)

    @property
    def said(self) -> str:
        """What was said last; empty before."""
        return self._said

    def say(self, words: str) -> None:
        """Say a sentence."""
        if words == self._said:
            return
        self._said = words
        words = safe_text(words)
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{words}\n")
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                os.write(self._pipe, f"{words}\n".encode("utf-8", "backslashreplace")[:4096])


class StopFlag:
    """Becomes true when one of the given signals arrives, or once there is `file`."""

    def __init__(self, *numbers: signal.Signals, file: Path | None = None) -> None:
        self._received: int | None = None
        self._file = file
        for number in numbers:
            signal.signal(number, self._note)

    def __bool__(self) -> bool:
        if self._received is None and self._file is not None and self._file.exists():
            self._received = signal.SIGTERM
        return self._received is not None

    @property
    def name(self) -> str:
        """Name of the signal that arrived; empty before."""
        return signal.Signals(self._received).name if self._received is not None else ""

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._received = number
