"""The side of a helper process: answers the calls that `ganterm.client.rpc` sends.

Calls are answered on the main thread. Methods that are generators are gone on with in turns, a step
at a time, the most urgent first; others run to their end. The process ends with whoever started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, BinaryIO, Final

import msgspec

from ganterm.client import rpc
from ganterm.client.rpc import (
    Cancel,
    Cancelled,
    Failure,
    Partial,
    Progress,
    RemoteError,
    Reply,
    Result,
)
from ganterm.core.errors import ExitCode, GantermError, missing_library

PROGRESS_EVERY: Final = 0.1
"""Seconds between two words about the same work; its end is always told."""

Steps = Generator[None, None, dict[str, Any]]
"""Between two steps of a method something more urgent may be done; its value is the result."""


class CancelledError(BaseException):
    """Nobody waits for the result any more."""


class Call:
    """A call under way.

    Attributes:
        params: what the method was given.
        cancelled: whether nobody waits for its result any more.
    """

    def __init__(
        self,
        call: rpc.Call,
        send: Callable[[Reply], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id, self.method, self.params = call.id, call.method, call.params
        self.cancelled = False
        self.steps: Steps | None = None
        self._send = send
        self._clock = clock
        self._told: tuple[str, float] | None = None

    def progress(self, what: str, done: int = 0, total: int | None = None, unit: str = "") -> None:
        """Tell that `done` of `total` `unit` are through, unless that was just told.

        Raises `CancelledError` if nobody waits for it, as `check` does.
        """
        self.check()
        now = self._clock()
        recently = self._told and self._told[0] == what and now - self._told[1] < PROGRESS_EVERY
        if done == total or not recently:
            self._told = what, now
            self._send(Progress(self.id, what, done, total, unit))

    def partial(self, value: dict[str, Any]) -> None:
        """Send a piece of the result, or a first version of it."""
        self.check()
        self._send(Partial(self.id, value))

    def check(self) -> None:
        """Raise `CancelledError` if nobody waits for the result any more."""
        if self.cancelled:
            raise CancelledError


Method = Callable[[Call], "Steps | dict[str, Any]"]


class Calls:
    """Calls that wait or are under way: filled by one thread, worked off by another."""

    def __init__(self, methods: Sequence[str], send: Callable[[Reply], object]) -> None:
        """Take calls of `methods`, the most urgent first; replies go to `send`."""
        self._methods = tuple(methods)
        self._send = send
        self._open: dict[int, Call] = {}
        self._changed = threading.Condition()
        self._closed = False

    def put(self, line: bytes) -> None:
        """Take a line in. What is none is told on standard error."""
        try:
            message = msgspec.convert(json.loads(line), type=rpc.Call | Cancel)
        except (ValueError, RecursionError):
            sys.stderr.write(f"This is no call: {line[:80]!r}\n")
            return
        with self._changed:
            if isinstance(message, Cancel):
                if (found := self._open.get(message.id)) is not None:
                    found.cancelled = True
            elif message.method in self._methods:
                self._open[message.id] = Call(message, self._send)
            else:
                known = ", ".join(self._methods)
                words = f"There is no method {message.method!r}; there are {known}."
                self._send(Failure(message.id, words, ExitCode.USAGE))
            self._changed.notify()

    def close(self) -> None:
        """Let nothing more come, and cancel what is there."""
        with self._changed:
            self._closed = True
            for call in self._open.values():
                call.cancelled = True
            self._changed.notify()

    def next(self, seconds: float | None = None) -> Call | None:
        """Return the most urgent call; None at the end, or if none comes for so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._open or self._closed, seconds)
            urgency = self._methods.index
            return min(self._open.values(), key=lambda call: urgency(call.method), default=None)

    def drop(self, call: Call) -> None:
        """Be done with a call."""
        with self._changed:
            del self._open[call.id]


def serve(methods: Mapping[str, Method], *, idle: float | None = None, grace: float = 0.0) -> None:
    """Answer calls of `methods`, the most urgent first, until whoever started us is gone.

    Without a call for `idle` seconds it is over as well. At the end a method under way has `grace`
    seconds to notice. What libraries print goes to standard error.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(reply: Reply) -> None:
        with lock:
            _write(replies, reply)

    calls = Calls(tuple(methods), send)
    listening = threading.Thread(
        target=_listen, args=(sys.stdin.fileno(), calls, grace), daemon=True
    )
    listening.start()
    work_off(calls, methods, send, idle)


def work_off(
    calls: Calls,
    methods: Mapping[str, Method],
    send: Callable[[Reply], object],
    idle: float | None = None,
) -> None:
    """Answer calls until there are none any more."""
    while (call := calls.next(idle)) is not None:
        reply = _step(call, methods[call.method])
        if reply is not None:
            send(reply)
            calls.drop(call)


def _step(call: Call, method: Method) -> Reply | None:
    """Go on with a call; return the reply once it is there."""
    try:
        call.check()
        if call.steps is None:
            started = method(call)
            if isinstance(started, dict):
                return Result(call.id, started)
            call.steps = started
        next(call.steps)
    except StopIteration as end:
        return Result(call.id, end.value)
    except CancelledError:
        if call.steps is not None:
            call.steps.close()
        return Cancelled(call.id)
    except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it is
        return _failure(call, error)
    return None


def _failure(call: Call, error: Exception) -> Failure:
    if isinstance(error, ModuleNotFoundError):
        error = missing_library(error) or error
    if isinstance(error, GantermError):
        data = error.data if isinstance(error, RemoteError) else {}
        return Failure(call.id, str(error), error.exit_code, data)
    if isinstance(error, MemoryError):
        return Failure(call.id, "There is not enough memory for that; close other programs.")
    if isinstance(error, OSError):
        return Failure(call.id, str(error))
    traceback.print_exception(error)
    first = str(error).partition("\n")[0]
    return Failure(call.id, f"It failed unexpectedly ({type(error).__name__}: {first}).")


def _listen(descriptor: int, calls: Calls, grace: float) -> None:
    """Take calls in, and end the process with them."""
    rest = b""
    # Not by way of `sys.stdin`, whose lock would be in the way of whoever ends the process.
    while block := os.read(descriptor, 1 << 16):
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            calls.put(line)
        if len(rest) > rpc.MAX_LINE:
            break
    calls.close()
    time.sleep(grace)
    os._exit(0)


def _write(replies: BinaryIO, reply: Reply) -> None:
    line = memoryview(json.dumps(msgspec.to_builtins(reply)).encode() + b"\n")
    try:
        while line:
            line = line[replies.write(line) :]
    except BrokenPipeError:
        os._exit(0)
