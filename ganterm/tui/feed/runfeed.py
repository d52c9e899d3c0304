"""Everything the app knows of one run, read from its directory and kept current."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ganterm.core.records import EpochRecord, MetricsRecord, SampleRecord
from ganterm.runs.journal import JournalTail
from ganterm.runs.launch import log_tail
from ganterm.runs.layout import RunDir
from ganterm.runs.state import RunView, observe
from ganterm.tui.feed.change import FeedChange
from ganterm.tui.feed.history import FeedHistory

__all__ = ["FeedChange", "RunFeed"]

LOOK_SECONDS: Final = 0.5
"""How long the state of a run is believed while its status file stays as it is."""
LOG_LINES: Final = 20

_PART = 4096
"""Records taken in at a time, so that a long journal does not fill the memory."""
_SILENT: Final = (MetricsRecord, EpochRecord, SampleRecord)


class RunFeed(FeedHistory):
    """A run as its directory tells it; `refresh` looks again.

    Attributes:
        run: its directory.
        view: its state as last observed.
        log: the last lines its worker printed, foreign text.
        trouble: why its journal cannot be read; empty where it can.
    """

    def __init__(self, run: RunDir, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(run)
        self.view: RunView = observe(run)
        self.log: list[str] = []
        self.trouble = ""
        self._clock = clock
        self._tail = JournalTail(run.journal)
        self._opened = False
        self._look_again = 0.0
        self._stamps: dict[str, tuple[int, int, int] | None] = {}

    @property
    def damaged(self) -> int:
        """Lines of the journal that are not records."""
        return self._tail.damaged

    @property
    def paused(self) -> bool:
        """Whether it stands paused; its journal says so a moment before its status."""
        if self.view.alive is False or self.halted is None:
            return self.view.state == "paused"
        return self.halted

    @property
    def step(self) -> int:
        """Steps done, as far as the run has said."""
        return max(self.view.step, self.last_step)

    @property
    def images_per_s(self) -> float | None:
        """Real images seen a second lately; None unless it trains and has said so."""
        if self.view.state != "running":
            return None
        rate = self.latest("images_per_s")
        if rate is None and self.view.status is not None:
            rate = self.view.status.images_per_s
        return rate or None

    @property
    def eta_seconds(self) -> float | None:
        """Seconds until the run has its length, at its pace; None unless it trains."""
        return self.seconds_left if self.view.state == "running" else None

    def refresh(self) -> FeedChange:
        """Look at the run again and return what is new; reads only what was added.

        Never raises for what the directory holds: a journal that cannot be read is `trouble`.
        """
        # The state before the records: what is said to be finished is then all there.
        state = self._look()
        found = self._read()
        log = self._changed("log", self.run.log)
        if log:
            self.log = log_tail(self.run, LOG_LINES)
        first, self._opened = not self._opened, True
        return dataclasses.replace(found, state=state or found.state or first, log=log)

    def _look(self) -> bool:
        """Observe the run where its status changed or was not looked at for a while."""
        now = self._clock()
        if not self._changed("status", self.run.status) and now < self._look_again:
            return False
        self._look_again = now + LOOK_SECONDS
        before, self.view = self.view, observe(self.run)
        return _told(before) != _told(self.view)

    def _read(self) -> FeedChange:
        change = FeedChange()
        trouble = ""
        try:
            while True:
                restarts = self._tail.restarts
                records = self._tail.poll(_PART)
                if self._tail.restarts != restarts:
                    self.forget()
                    change = change.then(FeedChange(rewound=True))
                if not records:
                    break
                change = change.then(self.take_in(records))
                told = tuple(record for record in records if not isinstance(record, _SILENT))
                change = change.then(FeedChange(records=told if self._opened else ()))
        except OSError as error:
            trouble = f"the journal cannot be read: {error.strerror or error}"
        changed, self.trouble = trouble != self.trouble, trouble
        return change.then(FeedChange(state=changed))

    def _changed(self, name: str, path: Path) -> bool:
        """Tell whether a file is another one than at the last look, or has been written."""
        stamp: tuple[int, int, int] | None = None
        with contextlib.suppress(OSError):
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        before = self._stamps.get(name)
        self._stamps[name] = stamp
        return stamp != before


def _told(view: RunView) -> tuple[Any, ...]:
    """Return what of a view is worth a word when it changes."""
    status = view.status
    return (view.state, view.alive, view.message, view.step, status and status.last_checkpoint)
