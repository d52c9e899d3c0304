"""A child process that is talked to in lines of JSON, without ever waiting for it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from typing import IO, Any, cast

from ganterm.runs.launch import command_of

_BLOCK = 1 << 16
MAX_LINE = 1 << 20
"""A longer line is no answer; it is dropped."""


class Child:
    """`main()` of one of our modules in a process of its own, which ends with ours.

    Raises `OSError` when no process can be started.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        self._rest = b""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
                command_of(module, *arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                bufsize=0,
            )
        except OSError:
            self._log.close()
            raise
        self._input = cast("IO[bytes]", self._process.stdin)
        self._output = cast("IO[bytes]", self._process.stdout)
        os.set_blocking(self._input.fileno(), False)
        os.set_blocking(self._output.fileno(), False)

    @property
    def exit_code(self) -> int | None:
        """How the process ended, as `subprocess` has it; `None` while it lives."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when there is something to poll for."""
        return self._output.fileno()

    def send(self, message: Any) -> bool:
        """Write one line to the child; False if it cannot take it, being dead or stuck."""
        line = json.dumps(message).encode() + b"\n"
        try:
            return self._input.write(line) == len(line)
        except (OSError, ValueError):
            return False

    def poll(self) -> list[dict[str, Any]]:
        """Return what the child has answered since the last call: its complete lines."""
        with contextlib.suppress(OSError, ValueError):
            # None: nothing there yet; empty: the child closed its end.
            while block := self._output.read(_BLOCK):
                self._rest += block
                if len(self._rest) > MAX_LINE and b"\n" not in self._rest:
                    self._rest = b""
        *lines, self._rest = self._rest.split(b"\n")
        return [answer for line in lines if isinstance(answer := _parsed(line), dict)]

    def last_words(self) -> str:
        """Return the last line the child printed on standard error; empty if there is none."""
        with contextlib.suppress(OSError, ValueError):
            self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - _BLOCK))
            lines = self._log.read().decode("utf-8", "replace").splitlines()
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ""

    def close(self) -> None:
        """End the child, at whatever it is, and let go of it."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for file in (self._input, self._output, self._log):
            with contextlib.suppress(OSError):
                file.close()


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
