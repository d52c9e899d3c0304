"""Steering a run from a screen: commands are left in its directory, answers come by its journal."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from textual.timer import Timer

from ganterm.client.feed import RunFeed
from ganterm.client.pending import CommandOutcome, PendingCommand, PendingCommands
from ganterm.config import Field
from ganterm.config.draft import to_text
from ganterm.config.fields import Value, converted
from ganterm.config.ownloop import fields_of
from ganterm.config.schedule import written
from ganterm.core.errors import ConfigError, GantermError
from ganterm.core.records import Record
from ganterm.doctor.active import settings_in_force
from ganterm.runs import control
from ganterm.runs.layout import RunDir
from ganterm.tui.base import AppScreen
from ganterm.tui.screens.dialogs import ConfirmScreen, PromptScreen
from ganterm.tui.widgets.live_values import LiveValues
from ganterm.tui.widgets.log_tail import LogTail

GATHER_SECONDS: Final = 0.35
"""How long small changes of a setting are gathered before they are sent as one."""
_SAID: Final = 20


class Steering:
    """Steers the run that is watched from a screen with `LiveValues` and a `LogTail`.

    Attributes:
        pending: what was asked of the run here.
        said: what became of it as far as the journal does not tell, as (step, sentence).
        steered: the run that these are of.
    """

    def __init__(self, screen: AppScreen) -> None:
        self.pending = PendingCommands()
        self.said: list[tuple[int, str]] = []
        self.steered: RunDir | None = None
        self._screen = screen
        self._posting = asyncio.Lock()
        self._gathering: Timer | None = None

    @property
    def feed(self) -> RunFeed | None:
        """The run; None before its history has been read."""
        return self._screen.app.feed(self._screen.app.watched)

    @property
    def values(self) -> LiveValues:
        return self._screen.query_one(LiveValues)

    def show(self) -> None:
        self.values.show(self.feed, self.pending)

    def turn_to(self, run: RunDir | None) -> None:
        """Begin with another run; what is still gathered for the one before is sent to that."""
        self.send_queued()
        self.steered, self.pending, self.said = run, PendingCommands(), []

    def take(self, records: Sequence[Record]) -> None:
        """Take the answers from new records of the journal."""
        self._say_answers(self.pending.acknowledge(records))
        feed = self.feed
        if feed and feed.view.alive is False:
            for order in self.pending.abandon():
                words = f"{feed.run.name} ended before it took this: {order.words}."
                self._say(feed.step, words, wrong=True)

    # Commands

    @property
    def steerable(self) -> RunFeed | None:
        """The run if it trains; otherwise it is said why it cannot be steered."""
        feed = self.feed
        if feed is None:
            self._screen.app.say("The run's history is still being read.")
        elif feed.view.alive is False:
            self._screen.app.say(
                f"{feed.run.name} is not training ({feed.view.state}); r trains it on."
            )
            return None
        return feed

    def order(self, run: RunDir, name: str, **args: Value) -> None:
        """Leave a command for the worker of a run; the answer comes by the journal."""
        # A dialog may be answered after another run has come onto the screen.
        pending = self.pending if run == self.steered else PendingCommands()
        self._screen.run_worker(self._post(run, pending, pending.expect(name, args)))
        self.show()

    async def _post(self, run: RunDir, pending: PendingCommands, order: PendingCommand) -> None:
        # One after another: their order is that of the key presses, however slow the disk.
        async with self._posting:
            try:
                identity = await asyncio.to_thread(
                    control.post, run.control, order.name, **order.args
                )
            except GantermError as error:
                pending.withdraw(order)
                self._screen.app.say_error(error)
            else:
                self._say_answers(pending.posted(order, identity))
        self.show()

    def command(self, name: str) -> None:
        """Have the run do something now, such as `checkpoint` or `sample`."""
        if feed := self.steerable:
            self.order(feed.run, name)

    def pause(self) -> None:
        if feed := self.steerable:
            self.order(feed.run, "resume" if self.pending.will_pause(feed.paused) else "pause")

    def stop(self) -> None:
        if feed := self.steerable:
            ask = ConfirmScreen(
                f"Stop {feed.run.name}?",
                "It writes a checkpoint first; r trains it on from there.",
                yes="Stop",
                no="Train on",
            )
            self._screen.app.ask(ask, lambda _yes: self.order(feed.run, "stop"))

    # Settings

    def nudge(self, key: str, up: bool) -> None:
        """Change a setting a little; several of these become one command."""
        feed = self.steerable
        if feed is None or key not in feed.config:
            return
        before, field = self._value_of(feed, key), fields_of(feed.config)[key]
        if field.schedules and isinstance(before, str):
            before = feed.latest(key)
        value = nudged(field, before, up=up, unset=_unset(feed, key))
        if value == before:
            self._screen.app.say(f"{key} is {field.expectation}.")
            return
        self.pending.queue(key, value)
        self.show()
        if self._gathering:
            self._gathering.stop()
        self._gathering = self._screen.set_timer(GATHER_SECONDS, self.send_queued)

    def send_queued(self) -> None:
        """Send the small changes that were gathered, each setting's as one command."""
        for key, value in self.pending.take_queued():
            if self.steered is not None:
                self.order(self.steered, "set", key=key, value=value)

    def set_live(self, run: RunDir, settings: Mapping[str, Any]) -> None:
        """Change settings, but those that are asked for already: twice is not two changes."""
        for key, value in settings.items():
            if self.pending.requested_value(key) is None:
                self.order(run, "set", key=key, value=value)

    def edit(self) -> None:
        feed = self.steerable
        if feed is None:
            return
        key = self.values.key
        field = fields_of(feed.config).get(key)
        if field is None:
            return
        hint = f" ({field.guidance})" if field.guidance else ""
        ask = PromptScreen(
            f"{key}: {field.help}{hint}",
            to_text(self._value_of(feed, key)),
            check=partial(converted, field),
        )
        self._screen.app.ask(ask, partial(self._edited, feed, field))

    def _edited(self, feed: RunFeed, field: Field, text: str) -> None:
        feed = self._screen.app.feed(feed.run) or feed
        if (value := written(converted(field, text))) != self._value_of(feed, field.name):
            self.order(feed.run, "set", key=field.name, value=value)

    def undo(self) -> None:
        feed = self.steerable
        if feed is None:
            return
        try:
            change = self.pending.to_undo(feed.changes, feed.config)
        except ConfigError as error:
            self._screen.app.say(str(error))
        else:
            self.order(feed.run, "set", key=change.key, value=change.before)

    def _value_of(self, feed: RunFeed, key: str) -> Value:
        """Return what a setting is, or was asked to be."""
        asked = self.pending.requested_value(key) if feed.run == self.steered else None
        value: Value = asked[0] if asked else feed.config.get(key)
        return value

    # Answers

    def _say_answers(self, answers: Sequence[CommandOutcome]) -> None:
        for answer in answers:
            if answer.error:  # the journal has it, and so the log
                self._screen.app.say_error(GantermError(f"{answer.words}."))
            else:
                self._say(answer.step, f"{answer.words}.", wrong=False)

    def _say(self, step: int, sentence: str, *, wrong: bool) -> None:
        """Say what a person need not look for; what went wrong stays in the log too."""
        if wrong:
            self.said = [*self.said, (step, sentence)][-_SAID:]
            self._screen.app.say_error(GantermError(sentence))
        elif not self._screen.query_one(LogTail).is_on_screen:
            self._screen.app.say(sentence)


def _unset(feed: RunFeed, key: str) -> float:
    """Return the number that an unset setting stands for."""
    if key != "penalty_weight":
        return 1.0
    try:
        return settings_in_force(feed).penalty_strength
    except GantermError:
        return 1.0


_MANTISSAS: Final = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)
"""About a third more at each; the usual figures of learning rates are among them."""
_LEAST_RATE: Final = 1e-8
_LABEL: Final = 0.05
_CADENCES: Final = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_CADENCE: Final = re.compile(r"\s*(\d+)(\s*[a-z]+)?\s*")


def nudged(field: Field, value: Value, *, up: bool, unset: float = 1.0) -> Value:
    """Return the next value of a live setting, or `value` itself where there is none.

    Rates and weights go by thirds or so, labels by 0.05, counts by one and cadences from round
    number to round number. `unset` is what an unset value stands for.
    """
    if field.kind == "cadence":
        return _cadence(str(value), up=up)
    number = unset if value is None else value
    if isinstance(number, (str, bool)):
        return value
    if field.kind == "integer":
        return _within(field, number + (1 if up else -1))
    if field.name.endswith("_label"):
        return _within(field, round((round(number / _LABEL) + (1 if up else -1)) * _LABEL, 10))
    if field.below is not None:
        # A share that is kept: what is lost goes by thirds.
        lost = _next_round(field.below - float(number), up=not up)
        return _within(field, round(field.below - lost, 10)) if lost else value
    return _within(field, _next_round(float(number), up=up))


def _next_round(number: float, *, up: bool) -> float:
    """Return the next number with one of the round mantissas; 0 lies below all of them."""
    if number < _LEAST_RATE:
        return _LEAST_RATE if up else 0.0
    power = math.floor(math.log10(number))
    scale = (power - 1, power, power + 1)
    steps = [float(f"{mantissa}e{each}") for each in scale for mantissa in _MANTISSAS[:-1]]
    if up:
        return next(step for step in steps if step > number * (1 + 1e-9))
    lower = next(step for step in reversed(steps) if step < number * (1 - 1e-9))
    return lower if lower >= _LEAST_RATE else 0.0


def _within(field: Field, number: float) -> Value:
    low = -math.inf if field.minimum is None else field.minimum
    high = math.inf if field.maximum is None else field.maximum
    return type(number)(min(max(number, low), high))


def _cadence(text: str, *, up: bool) -> str:
    found = _CADENCE.fullmatch(text)
    if found is None:
        return text
    count, unit = int(found[1]), found[2] or ""
    choices = range(1, count + 2) if unit else _CADENCES
    if up:
        return f"{next((each for each in choices if each > count), count)}{unit}"
    return f"{next((each for each in reversed(choices) if each < count), count)}{unit}"
