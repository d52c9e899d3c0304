"""A word on standard error while something takes its time, such as importing PyTorch."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType

from ganterm.cli.narrate import BAR_AFTER, LINE_AFTER, say
from ganterm.render.colour import moves_cursor

_FRAME_SECONDS = 0.1


class Waiting:
    """Says `what` is under way once it takes long; use it in a `with` statement.

    On a terminal one line counts the seconds and is taken away at the end; elsewhere a plain line
    appears after `LINE_AFTER` seconds. What is quick is not mentioned.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Waiting:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _tell(self) -> None:
        if not moves_cursor(sys.stderr):
            if not self._over.wait(LINE_AFTER):
                say(f"{self._what} ...")
            return
        began = time.monotonic()
        if self._over.wait(BAR_AFTER):
            return
        while True:
            self._write(f"\r{self._what} ... {time.monotonic() - began:.0f} s\x1b[K")
            if self._over.wait(_FRAME_SECONDS):
                break
        self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
