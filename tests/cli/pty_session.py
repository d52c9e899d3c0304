"""A command on a pseudo-terminal, as a person would run it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from tests.cli.forked import Forked

SECONDS = 120.0
"""A step of a session takes longer only when something hangs."""

_SEQUENCE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class PtySession:
    """Runs `python -m ganterm ARGUMENTS` on a terminal of its own and reads what it draws.

    `program` is what is run with the arguments in its place.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        columns: int = 100,
        rows: int = 30,
        program: Sequence[str] = (sys.executable, "-m", "ganterm"),
    ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.output = b""
        self.slave = slave
        self.process = self._start(
            [*program, *arguments],
            {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})},
        )

    def _start(self, command: Sequence[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            # Makes the terminal the one that Ctrl-C reaches the command through.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
            env=env,
        )

    @property
    def text(self) -> str:
        """Return everything drawn so far without escape sequences."""
        return _SEQUENCE.sub(b"", self.output).decode("utf-8", "replace")

    def wait_for(self, words: str) -> None:
        """Read until `words` were drawn; fails when they do not come."""
        self.wait_until(lambda: words in self.text, words)

    def wait_until(self, came: Callable[[], bool], what: str) -> None:
        """Read until `came()` is true; fails when the session ends without it."""
        deadline = time.monotonic() + SECONDS
        while not came():
            assert time.monotonic() < deadline, f"no {what!r} in:\n{self.text}"
            self._read(0.2)
            if self.process.poll() is not None:
                self._drain()
                assert came(), f"ended without {what!r}:\n{self.text}"

    def type(self, keys: str) -> None:
        """Press keys; the character 3 is Ctrl-C."""
        os.write(self.master, keys.encode())

    def hang_up(self) -> None:
        """Take the terminal away, as a lost connection does."""
        os.killpg(self.process.pid, signal.SIGHUP)
        os.close(self.slave)
        os.close(self.master)
        self.process.wait(SECONDS)

    def wait(self) -> int:
        """Read to the end of the command and return its exit code."""
        deadline = time.monotonic() + SECONDS
        while (code := self.process.poll()) is None:
            assert time.monotonic() < deadline, f"still running:\n{self.text}"
            self._read(0.2)
        self._drain()
        return code

    def _drain(self) -> None:
        while self._read(0.0):
            pass

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            self.output += os.read(self.master, 65536)
        return bool(ready)


class ForkedSession(PtySession):
    """Runs a command on a terminal of its own in a copy of this process."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        columns: int = 100,
        rows: int = 30,
    ) -> None:
        super().__init__(arguments, env=env, columns=columns, rows=rows, program=())

    def _start(self, command: Sequence[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        # It is asked the same.
        return cast("subprocess.Popen[bytes]", Forked(command, lambda: self._prepare(env)))

    def _prepare(self, env: dict[str, str]) -> None:
        os.setsid()
        for number in range(3):
            os.dup2(self.slave, number)
        os.close(self.slave)
        os.close(self.master)
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        os.environ.clear()
        os.environ.update(env)
