"""Follow a run until it ends, somebody stops it, or the follower leaves it to itself."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Protocol, TextIO

from ganterm.cli.narrate import say
from ganterm.core.errors import ExitCode, GantermError, WorkerError
from ganterm.core.records import STOOD_BACK, AlertRecord, Record
from ganterm.runs import control
from ganterm.runs.cache import HistoryReader
from ganterm.runs.history import RunHistory
from ganterm.runs.launch import log_tail
from ganterm.runs.layout import RunDir
from ganterm.runs.state import RunView, observe


class RunReporter:
    """Shows a run to somebody, on standard error unless it says otherwise.

    `history` has already taken in what a method is told of.
    """

    @property
    def stream(self) -> TextIO:
        """Where it shows the run."""
        return sys.stderr

    def open(self, history: RunHistory) -> None:
        """Begin, with what happened before."""

    def record(self, record: Record, history: RunHistory) -> None:
        """Show one new record of the journal."""

    def tick(self, view: RunView, history: RunHistory) -> None:
        """Bring up to date what moves; called several times a second."""

    def ask(self) -> None:
        """Somebody pressed Ctrl-C: say what can be done."""
        say("Ctrl-C again stops training with a checkpoint.")

    def note(self, sentence: str) -> None:
        """Say something about following itself."""
        say(sentence)

    def close(self, view: RunView, history: RunHistory) -> None:
        """Finish; the run ended, or the follower leaves it."""


class Keyboard:
    """Reads keys while it is entered, and leaves the terminal as it found it.

    Where standard input is no terminal, or the process runs in its background, there are no keys.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._before: list[Any] = []

    def __enter__(self) -> Keyboard:
        with contextlib.suppress(OSError, ValueError, termios.error):
            descriptor = sys.stdin.fileno()
            if os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp():
                self._before = termios.tcgetattr(descriptor)
                tty.setcbreak(descriptor)
                self._descriptor = descriptor
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def poll(self, seconds: float) -> str:
        """Wait for a key at most `seconds`; return what was typed, empty for nothing."""
        descriptors = [] if self._descriptor is None else [self._descriptor]
        ready, _, _ = select.select(descriptors, [], [], seconds)
        if not ready or self._descriptor is None:
            return ""
        try:
            data = os.read(self._descriptor, 64)
        except OSError:
            data = b""
        if not data:
            self._descriptor = None  # The terminal is gone.
        return data.decode("utf-8", "replace")


POLL_SECONDS = 0.1
"""Time between two looks at the journal."""
LOOK_SECONDS = 0.5
"""Time between two looks at the worker's lock and status."""

_ALIVE = frozenset({"queued", "starting", "running", "paused", "unknown"})


class Process(Protocol):
    """The worker, where the follower started it."""

    def poll(self) -> int | None:
        """Return its exit code, `None` while it runs."""

    def last_words(self) -> list[str]:
        """Return the lines with which it said why it ends, since they were last asked for."""


class _Audience:
    """Whoever reads what is shown: a terminal, or the other end of a pipe.

    Attributes:
        code: the exit code when it has gone.
    """

    def __init__(self, stream: TextIO) -> None:
        self.code = ExitCode.SIGHUP if stream.isatty() else ExitCode.OK
        self._poll = select.poll()
        with contextlib.suppress(OSError):  # Tests read from memory.
            self._poll.register(stream.fileno(), 0)

    def is_gone(self) -> bool:
        return any(events & (select.POLLERR | select.POLLHUP) for _, events in self._poll.poll(0))


class Follower:
    """Shows a run through a reporter, and passes on what whoever started it wants done.

    A follower that did not start the run only watches: whatever ends it leaves the run alone. One
    that did stops it when interrupted twice or terminated, and leaves it alone when its terminal
    or its reader goes away.
    """

    def __init__(
        self,
        run: RunDir,
        reporter: RunReporter,
        start: Callable[[], Process] | None = None,
        *,
        replay: bool = False,
    ) -> None:
        """Follow `run`, whose worker `start` starts; without it the run is only watched.

        `replay` hands the reporter every record of the past one by one as well.
        """
        self.run = run
        self.reporter = reporter
        self.process: Process | None = None
        self.replay = replay
        self.history = RunHistory()
        self._start = start
        self._journal = HistoryReader(run, self.history)
        self._stood_back = self._heard = False
        self._interrupts = 0
        self._answered = 0
        self._asking = False
        self._terminated = False
        self._hung_up = False
        self._audience = _Audience(reporter.stream)

    def follow(self) -> ExitCode:
        """Return the exit code that tells how the run, or following it, ended.

        Raises:
            WorkerError: the worker died without a word.
            GantermError: the worker could not be started, or nothing can be shown any more.
        """
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            numbers.append(signal.SIGHUP)
        # Before the worker starts, so that no signal finds a run that nobody speaks for.
        before = {number: signal.signal(number, self._note) for number in numbers}
        try:
            if self._start is not None:
                self.process = self._start()
            with Keyboard() as keyboard:
                return self._follow(keyboard)
        except (OSError, GantermError):
            self._say_farewell()
            if self._audience.is_gone():
                self._leave()
                return self._audience.code
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _follow(self, keyboard: Keyboard) -> ExitCode:
        if not self.replay:
            # A long history takes its time, which nobody has to wait for.
            for _ in self._journal.read():
                if (code := self._react(keyboard.poll(0.0))) is not None:
                    return code
        self.reporter.open(self.history)
        view, looked = observe(self.run), time.monotonic()
        self._stood_back = _stands_back(view.last_record)
        while True:
            self._show_news()
            if time.monotonic() - looked >= LOOK_SECONDS:
                view, looked = observe(self.run), time.monotonic()
                if self._audience.is_gone():
                    self._say_farewell()
                    self._leave()
                    return self._audience.code
            if self._is_over(view):
                view = observe(self.run)
                self._show_news()
                self.reporter.close(view, self.history)
                return self._verdict(view)
            self._listen()
            self.reporter.tick(view, self.history)
            code = self._react(keyboard.poll(POLL_SECONDS))
            if code is not None:
                self._leave()
                return code

    def _leave(self) -> None:
        # A terminal that has gone takes no last words.
        with contextlib.suppress(OSError):
            self.reporter.close(observe(self.run), self.history)

    def _show_news(self) -> None:
        for record in self._news():
            # The last words of a worker of our own are told at the end.
            if self.process is None or not self._stood_back:
                self.reporter.record(record, self.history)

    def _news(self) -> Iterator[Record]:
        for record in self._journal.records():
            self._stood_back = _stands_back(record)
            yield record

    def _listen(self) -> None:
        """Tell at once why the worker ends where its journal cannot: the disk may be full."""
        for line in self.process.last_words() if self.process is not None else []:
            if self.history.end is None or self._stood_back:
                self.reporter.note(line)
                self._heard = True

    def _is_over(self, view: RunView) -> bool:
        if self.process is not None:
            return self.process.poll() is not None
        return not self._goes_on(view) and not self._goes_on(observe(self.run))

    def _goes_on(self, view: RunView) -> bool:
        # Of a run whose lock cannot be read the journal may have had the last word.
        ended = view.state == "unknown" and self.history.end is not None
        return view.state in _ALIVE and not ended

    def _react(self, key: str) -> ExitCode | None:
        """Do what was typed or signalled; return the exit code where the run is left to itself."""
        if self._hung_up:
            self._say_farewell()
            return ExitCode.SIGHUP
        if self.process is None:
            return self._react_as_watcher(key)
        if self._terminated:
            self._terminated = False
            self._answered = signal.SIGTERM
            self._stop()
        if self._asking and key:
            self._asking = False
            if key[0] in "dD":
                self._say_farewell()
                return ExitCode.OK
            if key[0] in "sS":
                self._interrupts = 0
                self._answered = signal.SIGINT
                self._stop()
            else:
                self._interrupts = 0
                self.reporter.note("following on")
        if self._interrupts and self._answered:
            self.reporter.note("left before it had stopped; it stops at its next step")
            return ExitCode.SIGINT
        if self._interrupts == 1 and not self._asking:
            self._asking = True
            self.reporter.ask()
        elif self._interrupts > 1:
            self._interrupts = 0
            self._asking = False
            self._answered = signal.SIGINT
            self._stop()
        return None

    def _react_as_watcher(self, key: str) -> ExitCode | None:
        code = None
        if self._terminated:
            code = ExitCode.SIGTERM
        elif self._interrupts:
            code = ExitCode.SIGINT
        elif key and key[0] in "qQdD":
            code = ExitCode.OK
        if code is not None:
            self._say_farewell()
        return code

    def _say_farewell(self) -> None:
        state = observe(self.run).state
        if state not in _ALIVE:
            return
        name = self.run.word
        words = f"training {'stays paused' if state == 'paused' else 'goes on'}"
        words += f"; ganterm attach {name} follows it, ganterm ctl {name} stop stops it"
        if state == "queued":
            words = f"it stays queued; ganterm queue drop {name} takes it out"
        with contextlib.suppress(OSError):  # The terminal may have gone.
            self.reporter.note(words)

    def _stop(self) -> None:
        control.post(self.run.control, "stop")
        self.reporter.note("stopping with a checkpoint at the next step")

    def _verdict(self, view: RunView) -> ExitCode:
        code = self.process.poll() if self.process is not None else None
        self._listen()
        if self._answered:
            return ExitCode(128 + self._answered)
        end = self.history.end
        # A worker that stood back, or died, before its first word leaves an earlier one's end last.
        known = end is not None and view.state != "crashed" and not (code and self._stood_back)
        if end is not None and known and code in {None, 0, end.exit_code}:
            return _exit_code(end.exit_code)
        if code is not None and code > 0 and code != ExitCode.WORKER and view.status is not None:
            for line in [] if self._heard else log_tail(self.run, 1):
                say(f"ganterm: {line}")
            return _exit_code(code)
        for line in log_tail(self.run):
            say(f"  {line}")
        how = f" (killed by signal {-code})" if code is not None and code < 0 else ""
        way = self.run.restart or f"go on with `ganterm resume {self.run.word}`"
        raise WorkerError(
            f"The worker of {self.run.name} died at step {view.step:,}{how}; its last lines are "
            f"above, if it had any; {way}."
        )

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            self._terminated = True
        elif number == signal.SIGHUP:
            self._hung_up = True
        else:
            self._interrupts += 1


def _stands_back(record: Record | None) -> bool:
    return isinstance(record, AlertRecord) and record.code == STOOD_BACK


def _exit_code(code: int) -> ExitCode:
    return ExitCode(code) if code in {item.value for item in ExitCode} else ExitCode.TRAINING
