"""The process that draws images for the app: asked in lines of JSON, started when it is needed.

A request is an object with an `id`, what to `do`, and what that takes; see `ganterm.worker.serve`
for what there is. Each is answered by objects with the same `id`: any number that have `going`,
and then one that has not, which may hold an `error`, a sentence, or say `skipped`: of several
requests of a kind that wait, only the newest is answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from ganterm.runs.child import Child

MODULE: Final = "ganterm.worker.serve"
PATIENCE: Final = 30.0
"""Seconds without a word after which a process that owes an answer counts as hung."""
PATIENCE_TO_OPEN: Final = 120.0
"""The same while it loads PyTorch and the generator, which takes long on a busy machine."""

Message = dict[str, Any]


class Server:
    """Asks the process, starts it again after it died, and tells why it did.

    Attributes:
        trouble: why there is no process, in one sentence; empty while all is well.
    """

    def __init__(
        self,
        start: Callable[[], Child] = lambda: Child(MODULE),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trouble = ""
        self._start = start
        self._clock = clock
        self._child: Child | None = None
        self._last_id = 0
        self._owed: dict[int, str] = {}
        self._heard = 0.0

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._child is not None

    @property
    def busy(self) -> bool:
        """Whether an answer is yet to come."""
        return bool(self._owed)

    def owes(self, request: int) -> bool:
        """Tell whether the last answer to a request is yet to come."""
        return request in self._owed

    @property
    def pid(self) -> int | None:
        """The id of the process."""
        return self._child.pid if self._child else None

    def fileno(self) -> int | None:
        """Return the descriptor that becomes readable when there is something to poll for."""
        return self._child.fileno() if self._child else None

    def ask(self, do: str, **fields: Any) -> int:
        """Send a request and return its id; a process is started if there is none."""
        self._last_id += 1
        if self._child is None:
            self._begin()
        self._send({"do": do, **fields})
        return self._last_id

    def poll(self) -> list[Message]:
        """Return the answers that have come since the last call, without waiting.

        If the process died or hung, `trouble` says so from now on, and there is none any more.
        """
        if self._child is None:
            return []
        # Asked first: what a process has said before it ended is all there to be read.
        code = self._child.exit_code
        found = self._child.poll()
        if found:
            self._heard = self._clock()
        for message in found:
            if not message.get("going"):
                self._owed.pop(message.get("id", -1), None)
        if code is not None:
            words = self._child.last_words() or _how(code)
            self._end(f"The process that draws has died ({words}).")
        elif self._owed and self._clock() - self._heard > self._patience:
            self._end(f"The process that draws has not answered for {self._patience:.0f} s.")
        return found

    def close(self) -> None:
        """End the process, whatever it is at; the next request starts another one."""
        if self._child is not None:
            self._child.close()
        self._child = None
        self._owed.clear()

    @property
    def _patience(self) -> float:
        return PATIENCE_TO_OPEN if "open" in self._owed.values() else PATIENCE

    def _begin(self) -> None:
        try:
            self._child = self._start()
        except OSError as error:
            self.trouble = f"The process that draws could not be started ({error.strerror})."
            return
        self.trouble = ""

    def _send(self, message: Message) -> None:
        if self._child is None:
            return
        if not self._owed:
            self._heard = self._clock()
        self._owed[self._last_id] = message["do"]
        if not self._child.send({"id": self._last_id, **message}):
            # Dead, or so stuck that its pipe is full; in either case another will do better.
            words = self._child.last_words() or "it takes no requests any more"
            self._end(f"The process that draws has died ({words}).")

    def _end(self, trouble: str) -> None:
        self.close()
        self.trouble = trouble


def _how(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
