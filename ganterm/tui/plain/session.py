"""A session in lines: what is watched, what is told of it, and what is still to be obeyed."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ganterm.client.feed import FeedChange, FeedReader, RunFeed
from ganterm.client.overview import RunList
from ganterm.client.pending import PendingCommands
from ganterm.client.tasks import Task
from ganterm.core.errors import ConfigError, GantermError
from ganterm.core.records import CheckpointRecord
from ganterm.render.text import safe_text
from ganterm.runs import control
from ganterm.runs.layout import RunDir
from ganterm.tui.plain import report
from ganterm.tui.plain.commands import COMMANDS

LONGEST: Final = 1 << 16
"""Bytes of the longest line; what goes beyond is no command and is dropped."""


class LineReader:
    """Lines of a descriptor, as they come.

    Attributes:
        ended: whether nothing more will come.
    """

    def __init__(self, descriptor: int) -> None:
        self.ended = False
        self._descriptor = descriptor
        self._held = b""

    def wait(self, seconds: float) -> list[str]:
        """Return the lines that came within `seconds`, as soon as there is one."""
        if self.ended:
            # Nothing to wait for but the time.
            select.select([], [], [], seconds)
            return []
        ready, _, _ = select.select([self._descriptor], [], [], seconds)
        if not ready:
            return []
        try:
            data = os.read(self._descriptor, LONGEST)
        except OSError:  # the terminal is gone
            data = b""
        self.ended = not data
        *lines, self._held = (self._held + data + (b"\n" if self.ended else b"")).split(b"\n")
        self._held = self._held[:LONGEST]
        return [text for line in lines if (text := line.decode("utf-8", "replace").strip())]


LOOK_SECONDS: Final = 0.5
"""How often the run that is watched is looked at."""
TELL_SECONDS: Final = 10.0
"""How often its progress is told unless `every` says otherwise."""
ANSWER_SECONDS: Final = 10.0
"""How long an answer is awaited when nobody types any more."""


@dataclass
class _Told:
    """What was told of the run that is watched, and what is to be told with its progress."""

    state: str = ""
    step: int = -1
    silence: bool = False
    checkpoints: int = 0
    samples: int = 0
    again_at: float = 0.0


class PlainSession:
    """Prints with `write`, a line at a time, and reads commands from `reader` until it is left.

    Attributes:
        runs_dir: where the runs live.
        clock: seconds from any moment on.
        pending: what was asked of it.
        tell_every: seconds between two lines of progress; 0 for none.
        held_until: no line is obeyed before this says so, as `wait` asks for.
        task: a download or a judgement that is under way.
        left: whether it was left.
    """

    def __init__(
        self,
        runs_dir: Path,
        reader: LineReader,
        write: Callable[[str], object],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.runs_dir = runs_dir
        self.clock = clock
        self._watching: FeedReader | None = None
        self.pending = PendingCommands()
        self.tell_every = TELL_SECONDS
        self.held_until: Callable[[], bool] | None = None
        self.task: Task | None = None
        self.left = False
        self._reader = reader
        self._write = write
        self._lines: deque[str] = deque()
        self._told = _Told()
        self._told_task = ""
        self._asked_at = 0.0

    def run(self, run: RunDir | None) -> None:
        """Go on until `quit`, or until all that was typed is obeyed and nothing more can be."""
        self.say("ganterm in plain lines. Type help and Enter for what can be typed.")
        try:
            if run is None:
                self.obey("runs")
                alive = [each.run for each in RunList(self.runs_dir).poll() if each.alive]
                run = alive[0] if len(alive) == 1 else None
            if run is not None:
                self.watch(run)
            self._go_on()
        finally:
            if self.task is not None:
                self.task.cancel()
            if self.feed is not None and self.feed.view.alive:
                with contextlib.suppress(OSError):  # Nobody may be left to read it.
                    self.say(f"{self.feed.run.name} trains on.")

    def obey(self, line: str) -> None:
        """Do what a line says; what is wrong is told in a sentence."""
        name, _, rest = line.partition(" ")
        try:
            command = COMMANDS.get(name.lower())
            if command is None:
                raise ConfigError(f"{name} is no command; help lists them.")
            command.do(self, rest.strip())
        except GantermError as error:
            self.say(str(error))

    def look(self) -> None:
        """Tell what is new in the run that is watched, and how far a task is."""
        self._look_at_task()
        if self._watching is None:
            return
        change, told = self._watching.refresh(), self._told
        feed = self._watching.feed
        self._tell_happenings(feed, change)
        now = report.state(feed)
        if now != told.state:
            told.state = now
            self.say(now)
            self.say_all(report.last_words(feed))
            self._tell_progress(feed)
        elif self.tell_every and self.clock() >= told.again_at:
            self._tell_progress(feed)
        silence = report.silence(feed, time.time())
        if silence and not told.silence:
            self.say(silence)
        told.silence = bool(silence)
        if feed.view.alive is False:
            for order in self.pending.abandon():
                self.say(f"Not answered, for no worker is at work: {order.words}.")

    # What commands use

    @property
    def feed(self) -> RunFeed | None:
        """The run that is watched, as it was at the last look; None while there is none."""
        return self._watching.feed if self._watching else None

    @property
    def watched(self) -> RunFeed:
        """The run that is watched; raises `ConfigError` where there is none."""
        if self.feed is None:
            raise ConfigError("No run is watched; watch NAME begins, and runs lists the names.")
        return self.feed

    def watch(self, run: RunDir | None) -> None:
        """Tell what another run does from now on, or what none does."""
        self._watching = None
        self.pending = PendingCommands()
        self._told = _Told()
        if run is not None:
            self._watching = FeedReader(run)
            self.look()

    def order(self, name: str, **args: str | float | bool | None) -> None:
        """Leave a command for the worker; the answer is told when it comes.

        Raises `ConfigError` if it cannot be left.
        """
        order = self.pending.expect(name, args)
        try:
            identity = control.post(self.watched.run.control, name, **args)
        except GantermError:
            self.pending.withdraw(order)
            raise
        self.say(f"Asked for: {order.words}.")
        self.pending.posted(order, identity)
        self._asked_at = self.clock()

    def say(self, line: str) -> None:
        """Print one line; foreign text is fine."""
        self._write(safe_text(line) + "\n")

    def say_all(self, lines: Iterable[str]) -> None:
        """Print some lines."""
        for line in lines:
            self.say(line)

    def tell_later(self) -> None:
        """Begin anew to wait for the next line of progress."""
        self._told.again_at = self.clock() + self.tell_every

    # What it does by itself

    def _go_on(self) -> None:
        while True:
            self._lines += self._reader.wait(LOOK_SECONDS)
            self.look()
            while self._lines and not self._held:
                self.obey(self._lines.popleft())
                if self.left:
                    return
                self.look()
            if self._reader.ended and not self._lines and not self._held and not self._awaiting:
                return

    @property
    def _held(self) -> bool:
        if self.held_until is not None and self.held_until():
            self.held_until = None
        return self.held_until is not None

    @property
    def _awaiting(self) -> bool:
        """Whether an answer may still come."""
        if self.task is not None:
            return True
        return bool(self.pending.waiting) and self.clock() < self._asked_at + ANSWER_SECONDS

    def _tell_happenings(self, feed: RunFeed, change: FeedChange) -> None:
        if change.rewound:
            self.say(f"It goes on from step {feed.step:,}; what came after is taken back.")
        if self._told.state:
            # Before, it is the past.
            self._told.samples += change.samples
        for record in change.records:
            answers = self.pending.acknowledge([record])
            self._told.checkpoints += isinstance(record, CheckpointRecord)
            self.say_all(f"{answer.words.rstrip('.')}." for answer in answers)
            if not answers and (said := report.happened(record)):
                self.say(said)

    def _tell_progress(self, feed: RunFeed) -> None:
        self.tell_later()
        told = self._told
        if feed.step == told.step:
            return
        new = []
        if told.checkpoints:
            new.append(
                "1 checkpoint" if told.checkpoints == 1 else f"{told.checkpoints} checkpoints"
            )
        if told.samples:
            new.append("new samples" if told.samples == 1 else f"{told.samples} times new samples")
        told.step, told.checkpoints, told.samples = feed.step, 0, 0
        self.say(", ".join([report.progress(feed), *new]))

    def _look_at_task(self) -> None:
        if self.task is None:
            return
        found = self.task.poll()
        if found.ended:
            self.say(found.error or f"{self.task.name} {self.task.outcome}.")
            self.task = None
        elif found.what != self._told_task:
            self._told_task = found.what
            self.say(f"{found.what}.")
