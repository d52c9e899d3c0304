"""Changes of live settings: in the journal before they take effect, and made again in time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from ganterm.core.records import ControlRecord, PendingChange
from ganterm.errors import ConfigError
from ganterm.runs.journal import JournalWriter
from ganterm.training.loop import Trainer


class LiveChanges:
    """Makes changes at a step boundary, those that wait for a certain step included.

    Attributes:
        made: how many changes of the run the trainer's state has seen.
        pending: changes to make again, in order.
    """

    def __init__(
        self,
        trainer: Trainer,
        journal: JournalWriter,
        made: int,
        pending: Iterable[PendingChange],
    ) -> None:
        self.made = made
        self.pending = deque(pending)
        self._trainer = trainer
        self._journal = journal

    def make(self, identity: str, args: dict[str, Any]) -> None:
        """Change the setting `args["key"]` to `args["value"]`, or write down why not."""
        try:
            changed = self._trainer.changed(args["key"], args["value"])
        except ConfigError as error:
            self._answer(identity, args, str(error))
            return
        # In the journal before it takes effect: a change that is not there is never made.
        self._answer(identity, args, "")
        self._trainer.use(changed)
        self.made += 1

    def make_due(self) -> None:
        """Make again what was changed at this step, or before it, in an earlier life."""
        while self.pending and self.pending[0].step <= self._trainer.step:
            change = self.pending.popleft()
            self.make(change.id, change.args)

    def _answer(self, identity: str, args: dict[str, Any], error: str) -> None:
        step = self._trainer.step
        self._journal.write(
            ControlRecord(step=step, id=identity, name="set", args=args, error=error)
        )
