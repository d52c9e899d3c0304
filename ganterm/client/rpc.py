"""Calls to helper processes: lines of JSON over pipes, polled without ever waiting.

A helper is `main()` of one of our modules that calls `ganterm.worker.rpc.serve`. It is sent `Call`
and `Cancel`; to each call it sends any number of `Progress` and `Partial` and then one `Result`,
`Failure` or `Cancelled`. It ends with this process; what it prints last tells how it died.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import IO, Any, Final, cast

import msgspec

from ganterm.core.errors import ExitCode, GantermError, WorkerError
from ganterm.runs.launch import spawn

MAX_LINE: Final = 8 << 20
"""Bytes of the longest line that either side takes."""
PATIENCE: Final = 600.0
"""Seconds without a word after which a helper that owes a reply counts as hung."""
_BLOCK: Final = 1 << 16
_WAIT_SECONDS: Final = 0.5


class Call(msgspec.Struct, frozen=True, tag_field="kind", tag="call"):
    """What is asked for: the method, and what it takes."""

    id: int
    method: str
    params: dict[str, Any] = {}


class Cancel(msgspec.Struct, frozen=True, tag_field="kind", tag="cancel"):
    """A call need not be answered any more."""

    id: int


class Progress(msgspec.Struct, frozen=True, tag_field="kind", tag="progress"):
    """How far a call is: `done` of `total` (None where unknown) in `unit`."""

    id: int
    what: str
    done: int = 0
    total: int | None = None
    unit: str = ""


class Partial(msgspec.Struct, frozen=True, tag_field="kind", tag="partial"):
    """A piece of a result, or a first version of it."""

    id: int
    value: dict[str, Any]


class Result(msgspec.Struct, frozen=True, tag_field="kind", tag="result"):
    """What came of a call."""

    id: int
    value: dict[str, Any] = {}


class Failure(msgspec.Struct, frozen=True, tag_field="kind", tag="failure"):
    """Why nothing came of a call: a sentence for the user, and the exit code that it stands for.

    `id` is None where the helper died with nothing to do. `data` is what the method adds.
    """

    id: int | None
    message: str
    exit_code: int = ExitCode.TRAINING
    data: dict[str, Any] = {}


class Cancelled(msgspec.Struct, frozen=True, tag_field="kind", tag="cancelled"):
    """A call was cancelled before anything came of it."""

    id: int


Reply = Progress | Partial | Result | Failure | Cancelled


class RemoteError(GantermError):
    """A `GantermError` that crosses the line, with what else there is to know of it."""

    def __init__(
        self, message: str, exit_code: int = ExitCode.TRAINING, data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.exit_code = ExitCode(exit_code)
        self.data = data or {}


class HelperDiedError(WorkerError):
    """The helper died or hung, or could not be started; `words` say how."""

    def __init__(self, message: str, words: str) -> None:
        super().__init__(message)
        self.words = words


class Helper:
    """A helper process, started by the first call and again by the first after it ended."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        name: str = "The helper process",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Talk to `main()` of `module`; `name` begins the sentences on its end."""
        self._command = module, arguments
        self._name = name
        self._clock = clock
        self._process: _Process | None = None
        self._last_id = 0
        self._owed: dict[int, float] = {}
        self._failed: list[Reply] = []
        self._heard = 0.0
        self._died = ""

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    @property
    def busy(self) -> bool:
        """Whether a reply is yet to come."""
        return bool(self._owed or self._failed)

    @property
    def pid(self) -> int | None:
        """The id of the process."""
        return self._process.pid if self._process else None

    def fileno(self) -> int | None:
        """Return the descriptor that becomes readable when there is something to poll for."""
        return self._process.fileno() if self._process else None

    def call(
        self, method: str, params: Mapping[str, Any] | None = None, *, patience: float = PATIENCE
    ) -> int:
        """Send a call and return its id; it fails if the helper is silent for `patience` seconds.

        Whatever goes wrong is the reply, here as later.
        """
        self._last_id += 1
        sent = Call(self._last_id, method, dict(params or {}))
        if not self._owed:
            self._heard = self._clock()
        if self._process is not None and not self._process.send(sent):
            # It may have ended for want of work.
            self._end("takes no calls any more" if self._owed else "")
        elif self._process is not None:
            self._owed[sent.id] = patience
        if sent.id not in self._owed:
            self._owed[sent.id] = patience
            self._start()
            if self._process is not None and not self._process.send(sent):
                self._end("takes no calls")
        return sent.id

    def cancel(self, *calls: int) -> None:
        """Ask for no reply to calls that are under way, or to any; what is done already comes."""
        if self._process is not None:
            for call in calls or tuple(self._owed):
                if call in self._owed:
                    self._process.send(Cancel(call))

    def poll(self) -> list[Reply]:
        """Return the replies that have come since the last call, without waiting.

        Of a helper that died or hung, each call that it owed a reply to fails; there is no process
        any more.
        """
        replies: list[Reply] = []
        if self._process is not None:
            # Asked first: what a process has said before it ended is all there to be read.
            code = self._process.exit_code
            for reply in self._process.replies():
                self._heard = self._clock()
                if not isinstance(reply, Progress | Partial):
                    self._owed.pop(reply.id or 0, None)
                replies.append(reply)
            patience = max(self._owed.values(), default=PATIENCE)
            if code is not None:
                idle = code == 0 and not self._owed
                self._end("" if idle else f"has died ({self._process.epitaph})")
            elif self._process.overflowed:
                self._end(f"has sent more than {MAX_LINE >> 20} MB at once")
            elif self._owed and self._clock() - self._heard > patience:
                self._end(f"has not answered for {patience:.0f} s")
        replies += self._failed
        self._failed = []
        return replies

    def wait(self, call: int, progress: Callable[[Progress], object] | None = None) -> Any:
        """Wait for what comes of a call, a dict, and return it.

        Raises:
            RemoteError: the method failed; the message is a sentence for the user.
            HelperDiedError: the helper did.
        """
        while True:
            for reply in self.poll():
                if isinstance(reply, Failure) and reply.id in {call, None}:
                    if self._died:
                        raise HelperDiedError(reply.message, self._died)
                    raise RemoteError(reply.message, reply.exit_code, reply.data)
                if isinstance(reply, Progress) and progress is not None:
                    progress(reply)
                if isinstance(reply, Result) and reply.id == call:
                    return reply.value
            if (descriptor := self.fileno()) is not None:
                select.select([descriptor], [], [], _WAIT_SECONDS)

    def close(self, grace: float = 0.0) -> None:
        """End the process, whatever it is at; it has `grace` seconds to end by itself.

        The next call starts another one.
        """
        self._let_go(grace)
        self._failed.clear()

    def _start(self) -> None:
        self._died = ""
        try:
            self._process = _Process(*self._command)
        except OSError as error:
            self._end(f"could not be started ({error.strerror})")

    def _end(self, words: str) -> None:
        failed: list[int | None] = [*self._owed] or [None]
        self._let_go()
        if words:
            self._died = words
            sentence = f"{self._name} {words}."
            self._failed += [Failure(each, sentence, ExitCode.WORKER) for each in failed]

    def _let_go(self, grace: float = 0.0) -> None:
        if self._process is not None:
            self._process.close(grace)
        self._process = None
        self._owed.clear()


def ask(
    module: str,
    method: str,
    params: Mapping[str, Any] | None = None,
    *,
    progress: Callable[[Progress], object] | None = None,
    name: str = "The helper process",
    grace: float = 0.0,
) -> Any:
    """Make one call to a helper of its own and wait for what comes of it, a dict.

    Raises what `Helper.wait` raises. If this is interrupted the helper has `grace` seconds to end.
    """
    helper = Helper(module, name=name)
    try:
        return helper.wait(helper.call(method, params), progress)
    finally:
        helper.close(grace)


class _Process:
    """The process and its pipes. Raises `OSError` when no process can be started."""

    def __init__(self, module: str, arguments: tuple[str, ...]) -> None:
        self.overflowed = False
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._rest = b""
        try:
            self._process = spawn(
                module,
                *arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                bufsize=0,
            )
        except OSError:
            self._log.close()
            raise
        self.pid = self._process.pid
        self._input = cast("IO[bytes]", self._process.stdin)
        self._output = cast("IO[bytes]", self._process.stdout)
        os.set_blocking(self._input.fileno(), False)
        os.set_blocking(self._output.fileno(), False)

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def fileno(self) -> int:
        return self._output.fileno()

    def send(self, message: Call | Cancel) -> bool:
        """Write a line; False if it is not taken, the process being dead or stuck."""
        line = json.dumps(msgspec.to_builtins(message)).encode() + b"\n"
        try:
            return self._input.write(line) == len(line)
        except (OSError, ValueError):
            return False

    def replies(self) -> list[Reply]:
        """Return what has come: complete lines; what is no reply is dropped."""
        with contextlib.suppress(OSError, ValueError):
            # None: nothing there yet; empty: the process closed its end.
            while not self.overflowed and (block := self._output.read(_BLOCK)):
                self._rest += block
                self.overflowed = len(self._rest) > MAX_LINE and b"\n" not in self._rest
        *lines, self._rest = self._rest.split(b"\n")
        return [reply for line in lines if (reply := _parsed(line)) is not None]

    @property
    def epitaph(self) -> str:
        """How the process ended: by a signal, or its last line on standard error."""
        code = self._process.wait()
        words = ""
        with contextlib.suppress(OSError, ValueError):
            self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - _BLOCK))
            lines = self._log.read().decode("utf-8", "replace").splitlines()
            words = next((line.strip() for line in reversed(lines) if line.strip()), "")
        if code == -signal.SIGXCPU:
            return "it took far too long"
        if code < 0:
            return ", ".join(filter(None, [f"killed by signal {-code}", words]))
        return words or f"exit code {code}"

    def close(self, grace: float) -> None:
        with contextlib.suppress(OSError):
            self._input.close()
        if grace and self._process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for file in (self._output, self._log):
            with contextlib.suppress(OSError):
                file.close()


def _parsed(line: bytes) -> Reply | None:
    try:
        return cast("Reply", msgspec.convert(json.loads(line), type=Reply))
    except (ValueError, RecursionError):
        return None
