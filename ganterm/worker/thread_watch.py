"""Takes another number of threads where training has become far slower than it was."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

from ganterm.core.records import AlertRecord, ControlRecord, Record, StartRecord
from ganterm.engine.loop import Trainer
from ganterm.engine.threads import time_threads
from ganterm.runs.journal import JournalWriter
from ganterm.runs.live import AUTOMATIC
from ganterm.worker.commands import LiveChanges

FAR_BELOW: Final = 0.5
"""Share of the best rate so far below which training is far slower than it was."""
PATIENCE_SECONDS: Final = 10.0
"""How long it must be: a judgement beside the training takes less."""
AGAIN_SECONDS: Final = 300.0
"""When to look again after a change: what made it necessary may be over."""


class ThreadWatch:
    """Measures anew how many threads are quickest, where the user has left that open.

    A change is a live one like any other, in the journal before it takes effect, so that a run
    that is repeated or goes on makes it again at its step. `most` is how many threads there can be.
    """

    def __init__(
        self, trainer: Trainer, changes: LiveChanges[Any], journal: JournalWriter, most: int
    ) -> None:
        self._trainer = trainer
        self._changes = changes
        self._journal = journal
        self._most = most
        self._automatic = trainer.config.threads == 0
        self._best = 0.0
        self._low_since: float | None = None
        self._again = float("inf")

    def remember(self, records: Iterable[Record]) -> None:
        """Find in the run's history in force whether the threads it has now were chosen here."""
        for record in records:
            if isinstance(record, StartRecord):
                self._automatic = record.config.get("threads") == 0
            elif isinstance(record, ControlRecord) and record.key == "threads" and not record.error:
                self._automatic = record.id.startswith(AUTOMATIC)

    def see(self, images_per_s: float) -> None:
        """Take in how quick training is now."""
        now = time.monotonic()
        self._best = max(self._best, images_per_s)
        if images_per_s >= FAR_BELOW * self._best:
            self._low_since = None
        elif self._low_since is None:
            self._low_since = now

    def act(self, present: int) -> None:
        """Look again at a step boundary where it is time; `present` is how many threads there are.

        Raises OSError where the journal cannot be written.
        """
        trainer, now = self._trainer, time.monotonic()
        low = self._low_since is not None and now - self._low_since >= PATIENCE_SECONDS
        if not low and now < self._again:
            return
        self._best, self._low_since, self._again = 0.0, None, float("inf")
        changed_by = self._changes.made_by.get("threads", AUTOMATIC)
        mine = self._automatic and changed_by.startswith(AUTOMATIC)
        if not mine or self._most == 1 or trainer.device.type != "cpu" or self._changes.pending:
            return
        if trainer.group is not None:
            return  # Its steps wait for the others.
        timed = time_threads(
            trainer.networks, trainer.batches, trainer.config, present=present, most=self._most
        )
        trainer.restart_clock()
        if timed.threads == present:
            return
        why = "Training had become far slower" if low else "Something else may be quicker by now"
        message = f"{why}: {timed.figures}; it goes on with {timed.threads}."
        self._journal.write(AlertRecord(step=trainer.step, code="threads", message=message))
        self._again = now + AGAIN_SECONDS
        identity = f"{AUTOMATIC}threads-{trainer.step}"
        self._changes.make(identity, "threads", timed.threads)
