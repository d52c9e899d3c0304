"""Commands that were left for a worker, and what it answered in the journal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ganterm.config.draft import to_text
from ganterm.config.fields import Value, parse_value
from ganterm.config.fields import field as field_of
from ganterm.config.ownloop import LOOP, own_value
from ganterm.config.schedule import written
from ganterm.core.errors import ConfigError, WorkerError
from ganterm.core.records import ControlRecord, Record
from ganterm.runs import control
from ganterm.runs.journal import JournalTail
from ganterm.runs.layout import RunDir
from ganterm.runs.live import LiveChange, to_undo
from ganterm.runs.state import observe

_MOST_EARLY: Final = 64
_UNPOSTED: Final = "here-"
_LOOK_SECONDS: Final = 0.05
_DOING: Final = {
    "pause": "pausing",
    "resume": "going on",
    "stop": "stopping, with a checkpoint",
    "checkpoint": "writing a checkpoint",
    "sample": "drawing samples",
}
_DONE: Final = {
    "pause": "paused",
    "resume": "went on",
    "stop": "stopping",
    "checkpoint": "checkpoint",
    "sample": "samples drawn",
}


@dataclass(frozen=True)
class PendingCommand:
    """A command on its way."""

    id: str
    name: str
    args: dict[str, Value] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What is being done, in words."""
        if self.name == "set":
            return f"{self.args.get('key')} to {to_text(self.args.get('value'))}"
        return _DOING.get(self.name, self.name)


@dataclass(frozen=True)
class CommandOutcome:
    """What became of a command; `error` says why it was refused, foreign text."""

    command: PendingCommand
    step: int
    error: str = ""

    @property
    def words(self) -> str:
        """What became of it, in a sentence."""
        if self.error:
            return f"{self.command.words} was refused: {self.error}"
        if self.command.name == "set":
            return f"{self.command.words} from step {self.step:,} on"
        return f"{_DONE.get(self.command.name, self.command.name)} at step {self.step:,}"


class PendingCommands:
    """The commands of one run that were given here.

    Attributes:
        waiting: those without an outcome, by id, the oldest first.
        queued: values that settings are to be given, still growing with every key press.
        refused: the newest refusal by setting, until the setting is asked for again.
    """

    def __init__(self) -> None:
        self.waiting: dict[str, PendingCommand] = {}
        self.queued: dict[str, Value] = {}
        self.refused: dict[str, CommandOutcome] = {}
        self._early: dict[str, ControlRecord] = {}
        self._count = 0

    def queue(self, key: str, value: Value) -> None:
        """Note what a setting is to be, until it is asked for."""
        self.refused.pop(key, None)
        self.queued[key] = value

    def take_queued(self) -> list[tuple[str, Value]]:
        """Return what is to be asked for now."""
        queued, self.queued = list(self.queued.items()), {}
        return queued

    def requested_value(self, key: str) -> tuple[Value] | None:
        """Return the value that a setting was last asked to have, alone; None if none waits."""
        asked = [
            command.args["value"]
            for command in self.waiting.values()
            if command.args.get("key") == key
        ]
        asked += [self.queued[key]] if key in self.queued else []
        return (asked[-1],) if asked else None

    def expect(self, name: str, args: Mapping[str, Value]) -> PendingCommand:
        """Await the outcome of a command that is about to be left for the worker."""
        self._count += 1
        command = PendingCommand(f"{_UNPOSTED}{self._count}", name, dict(args))
        self.waiting[command.id] = command
        if name == "set":
            self.refused.pop(str(args.get("key")), None)
        return command

    def posted(self, command: PendingCommand, identity: str) -> list[CommandOutcome]:
        """Note a command's id; its outcome may have been heard before."""
        self.withdraw(command)
        self.waiting[identity] = replace(command, id=identity)
        heard = self._early.pop(identity, None)
        return self.acknowledge([heard]) if heard else []

    def withdraw(self, command: PendingCommand) -> None:
        """Await no outcome: the command could not be left."""
        self.waiting.pop(command.id, None)

    def acknowledge(self, records: Iterable[Record]) -> list[CommandOutcome]:
        """Take new records of the journal; return what became of what was asked here."""
        outcomes = []
        for record in records:
            if not isinstance(record, ControlRecord):
                continue
            command = self.waiting.pop(record.id, None)
            if command is None:
                self._early[record.id] = record
                if len(self._early) > _MOST_EARLY:
                    del self._early[next(iter(self._early))]
                continue
            outcome = CommandOutcome(command, record.step, record.error)
            if outcome.error and command.name == "set":
                self.refused[str(command.args.get("key"))] = outcome
            outcomes.append(outcome)
        return outcomes

    def will_pause(self, paused: bool) -> bool:
        """Tell whether a run that is `paused` or not will be once all that was asked is done."""
        for command in self.waiting.values():
            if command.name in {"pause", "resume"}:
                paused = command.name == "pause"
        return paused

    def abandon(self) -> list[PendingCommand]:
        """Give up on what waits, as when the worker ended; return it."""
        dropped = list(self.waiting.values())
        self.waiting.clear()
        self.queued.clear()
        return dropped

    def projected(self, config: Mapping[str, Any]) -> list[LiveChange]:
        """Return the changes that stand if everything asked for under `config` is done."""
        values = dict(config)
        changes = []
        for command in self.waiting.values():
            if command.name == "set":
                key, value = str(command.args["key"]), command.args["value"]
                changes.append(LiveChange(0, key, values.get(key), value))
                values[key] = value
        return changes

    def to_undo(self, changes: Iterable[LiveChange], config: Mapping[str, Any]) -> LiveChange:
        """Return the change that an undo takes back, after `changes` made under `config`.

        Raises:
            ConfigError: nothing stands that was changed, or was asked to be.
        """
        found = to_undo([*changes, *self.projected(config)])
        if found is None:
            raise ConfigError("There is no change to undo.")
        return found


def answers(
    run: RunDir,
    tail: JournalTail,
    command: str,
    arguments: Sequence[Mapping[str, Any]],
    *,
    wait: float,
) -> Iterator[ControlRecord]:
    """Leave a command, once for each of its `arguments`, and yield what the worker answers.

    All are there at the same step boundary, but for one that comes in between. `tail` stands at
    the end of the journal. Fewer come where the worker does not answer within `wait` seconds.

    Raises:
        ConfigError: one was refused; those that were not have been yielded.
        WorkerError: the run ended before it took the command.
    """
    waiting = [control.post(run.control, command, **each) for each in arguments]
    deadline = time.monotonic() + wait
    refusal = ""
    while time.monotonic() < deadline:
        for record in tail.poll():
            if isinstance(record, ControlRecord) and record.id in waiting:
                waiting.remove(record.id)
                refusal = record.error or refusal
                if not record.error:
                    yield record
        if not waiting:
            if refusal:
                raise ConfigError(refusal)
            return
        if observe(run).alive is False:
            raise WorkerError(f"{run.name} ended before it took the command.")
        time.sleep(_LOOK_SECONDS)


def require_training(run: RunDir) -> None:
    """Raise `WorkerError` where no worker trains `run`, so that nothing could take a command."""
    view = observe(run)
    if view.alive is False:
        way = run.restart or f"`ganterm resume {run.word}` takes it up again"
        raise WorkerError(
            f"{run.name} is not training ({view.state}), so it cannot be steered; {way}."
        )


def live_value(key: str, text: str, config: Mapping[str, Any], *, which: str) -> tuple[str, Value]:
    """Return the name and the value of a setting that is to change while a run trains.

    `config` are the settings in force.

    Raises:
        ConfigError: there is no such setting, no such value, or it cannot change then; `which` says
            where those that can are told.
    """
    key = key.strip()
    if LOOP in config:
        # Faces take dashes for underscores.
        key = next((name for name in config if name.replace("-", "_") == key), key)
        return key, own_value(key, text, config)
    spec = field_of(key)
    if not spec.live:
        raise ConfigError(f"{spec.name} cannot be changed while training; {which} says what can.")
    return spec.name, written(parse_value(spec.name, text))
