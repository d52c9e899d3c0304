"""Single keys from the terminal, without waiting for Enter."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Any


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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
