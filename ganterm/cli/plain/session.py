"""A session in lines: what is watched, what is told of it, and what is still to be obeyed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from ganterm.cli.plain import words
from ganterm.cli.plain.beginning import COMMANDS
from ganterm.client.feed import FeedChange, FeedReader, RunFeed
from ganterm.client.overview import RunList
from ganterm.client.pending import PendingCommands
from ganterm.client.preflight import inspect
from ganterm.client.tasks import Task
from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError, GantermError
from ganterm.core.records import CheckpointRecord
from ganterm.render.text import safe_text
from ganterm.runs import control
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import RunDir

LONGEST: Final = 1 << 16
"""Bytes of the longest line; what goes beyond is no command and is dropped."""
LOOK_SECONDS: Final = 0.5
"""How often the run that is watched is looked at."""
TELL_SECONDS: Final = 10.0
"""How often its progress is told unless `every` says otherwise."""
ANSWER_SECONDS: Final = 10.0
"""How long an answer is awaited when nobody types any more."""


def run_plain(runs_dir: Path, run: RunDir | None) -> None:
    """Go on with a session on standard input and output until it is left."""

    def write(line: str) -> None:
        sys.stdout.write(line)
        sys.stdout.flush()

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGHUP, leave)
    PlainSession(runs_dir, LineReader(sys.stdin.fileno()), write).run(run)


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
        pending: what was asked of the run that is watched.
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
        self.pending = PendingCommands()
        self.tell_every = TELL_SECONDS
        self.held_until: Callable[[], bool] | None = None
        self.task: Task | None = None
        self.left = False
        self._watching: FeedReader | None = None
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
            self.go_on()
        finally:
            if self.task is not None:
                self.task.cancel()
            if self.feed is not None and self.feed.view.alive:
                with contextlib.suppress(OSError):  # Nobody may be left to read it.
                    self.say(f"{self.feed.run.name} trains on.")

    def go_on(self) -> None:
        """Look, tell and obey, over and over."""
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

    def obey(self, line: str) -> None:
        """Do what a line says; what is wrong is told in a sentence."""
        name, _, rest = line.partition(" ")
        try:
            command = COMMANDS.get(name.lower())
            if command is None:
                raise ConfigError(f"{name} is no command; help lists them.")
            command.act(self, rest.strip())
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
        now = words.state(feed)
        if now != told.state:
            told.state = now
            self.say(now, *words.last_words(feed))
            self._tell_progress(feed)
        elif self.tell_every and self.clock() >= told.again_at:
            self._tell_progress(feed)
        silence = words.silence(feed, time.time())
        if silence and not told.silence:
            self.say(silence)
        told.silence = bool(silence)
        if feed.view.alive is False:
            for command in self.pending.abandon():
                self.say(f"Not answered, for no worker is at work: {command.words}.")

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
        self._watching = FeedReader(run) if run else None
        self.pending = PendingCommands()
        self._told = _Told()
        if run is not None:
            self.look()

    def look_ahead(
        self, config: RunConfig, *, name: str | None = None, where: Path | None = None
    ) -> None:
        """Say what a run takes where that is much; raises where it cannot begin."""
        found = inspect(config, where or self.runs_dir, name=name)
        self.say(*found.notes)
        if found.missing:
            raise ConfigError(
                f"{found.missing} is not on this machine yet; fetch {found.missing} downloads it."
            )

    def start_worker(self, run: RunDir, arguments: Sequence[str] = ()) -> None:
        """Have a run trained, and watch it."""
        self.say(f"Starting {run.name}.")
        start_worker(run, arguments)
        self.watch(run)

    def order(self, name: str, **args: str | float | bool | None) -> None:
        """Leave a command for the worker; the answer is told when it comes.

        Raises `ConfigError` if it cannot be left.
        """
        command = self.pending.expect(name, args)
        try:
            identity = control.post(self.watched.run.control, name, **args)
        except GantermError:
            self.pending.withdraw(command)
            raise
        self.say(f"Asked for: {command.words}.")
        self.pending.posted(command, identity)
        self._asked_at = self.clock()

    def say(self, *lines: str) -> None:
        """Print some lines; foreign text is fine."""
        for line in lines:
            self._write(safe_text(line) + "\n")

    def tell_later(self) -> None:
        """Begin anew to wait for the next line of progress."""
        self._told.again_at = self.clock() + self.tell_every

    # What it does by itself

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
            outcomes = self.pending.acknowledge([record])
            self._told.checkpoints += isinstance(record, CheckpointRecord)
            self.say(*(f"{outcome.words.rstrip('.')}." for outcome in outcomes))
            if not outcomes and (said := words.happened(record)):
                self.say(said)

    def _tell_progress(self, feed: RunFeed) -> None:
        self.tell_later()
        told = self._told
        if feed.step == told.step:
            return
        new = []
        if told.checkpoints:
            new.append(f"{told.checkpoints} checkpoint{'s' if told.checkpoints > 1 else ''}")
        if told.samples:
            new.append("new samples" if told.samples == 1 else f"{told.samples} times new samples")
        told.step, told.checkpoints, told.samples = feed.step, 0, 0
        self.say(", ".join([words.progress(feed), *new]))

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
