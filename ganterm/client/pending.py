"""Commands that were left for a worker, and what it answered in the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ganterm.config.draft import to_text
from ganterm.config.fields import Value
from ganterm.core.records import ControlRecord, Record
from ganterm.runs.live import LiveChange

_HEARD: Final = 64
_UNPOSTED: Final = "here-"
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
class Order:
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
class Answer:
    """What became of a command; `error` says why it was refused, foreign text."""

    order: Order
    step: int
    error: str = ""

    @property
    def words(self) -> str:
        """What became of it, in a sentence."""
        if self.error:
            return f"{self.order.words} was refused: {self.error}"
        if self.order.name == "set":
            return f"{self.order.words} from step {self.step:,} on"
        return f"{_DONE.get(self.order.name, self.order.name)} at step {self.step:,}"


class Orders:
    """The commands of one run that were given here.

    Attributes:
        waiting: those without an answer, by id, the oldest first.
        wishes: values that settings are to be given, still growing with every key press.
        refused: the newest refusal by setting, until the setting is asked for again.
    """

    def __init__(self) -> None:
        self.waiting: dict[str, Order] = {}
        self.wishes: dict[str, Value] = {}
        self.refused: dict[str, Answer] = {}
        self._heard: dict[str, ControlRecord] = {}
        self._count = 0

    def wish(self, key: str, value: Value) -> None:
        """Note what a setting is to be, until it is asked for."""
        self.refused.pop(key, None)
        self.wishes[key] = value

    def take_wishes(self) -> list[tuple[str, Value]]:
        """Return what is to be asked for now."""
        wishes, self.wishes = list(self.wishes.items()), {}
        return wishes

    def asked_value(self, key: str) -> tuple[Value] | None:
        """Return the value that a setting was last asked to have, alone; None if none waits."""
        asked = [
            order.args["value"] for order in self.waiting.values() if order.args.get("key") == key
        ]
        asked += [self.wishes[key]] if key in self.wishes else []
        return (asked[-1],) if asked else None

    def ask(self, name: str, args: Mapping[str, Value]) -> Order:
        """Await the answer to a command that is about to be left for the worker."""
        self._count += 1
        order = Order(f"{_UNPOSTED}{self._count}", name, dict(args))
        self.waiting[order.id] = order
        if name == "set":
            self.refused.pop(str(args.get("key")), None)
        return order

    def posted(self, order: Order, identity: str) -> list[Answer]:
        """Note a command's id; its answer may have been heard before."""
        self.withdraw(order)
        self.waiting[identity] = replace(order, id=identity)
        heard = self._heard.pop(identity, None)
        return self.hear([heard]) if heard else []

    def withdraw(self, order: Order) -> None:
        """Await no answer: the command could not be left."""
        self.waiting.pop(order.id, None)

    def hear(self, records: Iterable[Record]) -> list[Answer]:
        """Take new records of the journal; return the answers to what was asked here."""
        answers = []
        for record in records:
            if not isinstance(record, ControlRecord):
                continue
            order = self.waiting.pop(record.id, None)
            if order is None:
                self._heard[record.id] = record
                if len(self._heard) > _HEARD:
                    del self._heard[next(iter(self._heard))]
                continue
            answer = Answer(order, record.step, record.error)
            if answer.error and order.name == "set":
                self.refused[str(order.args.get("key"))] = answer
            answers.append(answer)
        return answers

    def will_pause(self, paused: bool) -> bool:
        """Tell whether a run that is `paused` or not will be once all that was asked is done."""
        for order in self.waiting.values():
            if order.name in {"pause", "resume"}:
                paused = order.name == "pause"
        return paused

    def drop(self) -> list[Order]:
        """Give up on what waits, as when the worker ended; return it."""
        dropped = list(self.waiting.values())
        self.waiting.clear()
        self.wishes.clear()
        return dropped

    def foreseen(self, config: Mapping[str, Any]) -> list[LiveChange]:
        """Return the changes that stand if everything asked for under `config` is done."""
        values = dict(config)
        changes = []
        for order in self.waiting.values():
            if order.name == "set":
                key, value = str(order.args["key"]), order.args["value"]
                changes.append(LiveChange(0, key, values.get(key), value))
                values[key] = value
        return changes
