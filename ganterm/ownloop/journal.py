"""A journal that a full disk does not keep a loop from going on."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from pathlib import Path
from typing import Final

from ganterm.core.files import storage_trouble
from ganterm.core.records import AlertRecord, Record
from ganterm.runs.journal import JournalWriter

_MOST_WAITING: Final = 2000


class PatientJournal(JournalWriter):
    """A journal that keeps what cannot be written until it can; it never raises `OSError`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._waiting: deque[Record] = deque(maxlen=_MOST_WAITING)
        self._trouble = ""

    def write(self, record: Record) -> None:
        """Append a record, now or later; a note of our own is said on standard error too."""
        if isinstance(record, AlertRecord) and record.evidence is None:
            say(record.message)
        self._waiting.append(record)
        try:
            while self._waiting:
                super().write(self._waiting[0])
                self._waiting.popleft()
        except OSError as error:
            if not self._trouble:
                self._trouble = f"{storage_trouble(error, self.path)}; training goes on."
                say(self._trouble)
        else:
            told, self._trouble = self._trouble, ""
            if told:
                with contextlib.suppress(OSError):
                    message = f"For a while nothing could be written: {told}"
                    super().write(AlertRecord(step=record.step, code="storage", message=message))

    def sync(self) -> None:
        """Wait until what is written is on the disk, if that can be."""
        with contextlib.suppress(OSError):
            super().sync()


def say(sentence: str) -> None:
    """Say something on standard error, if there is one."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"ganterm: {sentence}\n")
