"""Commands in copies of this process, which has imported already what takes seconds."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence

from ganterm.__main__ import main


class Forked:
    """A command in a copy of this process; what is asked of it is as of `subprocess.Popen`.

    `prepare` gives the copy its standard streams, and to `sys` what Python starts with.
    """

    def __init__(self, arguments: Sequence[str], prepare: Callable[[], None]) -> None:
        self.returncode: int | None = None
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            code = 99
            try:
                prepare()
                code = _run(arguments)
            finally:
                os._exit(code)

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            assert time.monotonic() < deadline, "still running"
            time.sleep(0.005)
        return code

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)


def forked(arguments: Sequence[str], streams: Mapping[int, str | None]) -> int:
    """Run a command in a copy of this process; `streams` are files to open in place, or None.

    As Python starts with them: `sys` has None for what is closed.
    """

    def prepare() -> None:
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            path = streams.get(number, os.devnull)
            if path is None:
                os.close(number)
                setattr(sys, name, None)
                continue
            opened = os.open(path, os.O_RDWR | os.O_CREAT)
            os.dup2(opened, number)
            os.close(opened)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))

    return Forked(arguments, prepare).wait(120)


def _run(arguments: Sequence[str]) -> int:
    sys.argv = ["ganterm", *arguments]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 98
    except BaseException:  # noqa: BLE001 - the copy has nobody to raise to
        traceback.print_exc()
        return 97
