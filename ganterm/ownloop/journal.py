"""What is written and said of a loop: a journal that no full disk breaks, and how it ended."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections import deque
from pathlib import Path
from typing import Final

from ganterm.core.errors import GantermError
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


def how_it_ended(error: BaseException | None, step: int, *, stopped: bool) -> tuple[str, str, int]:
    """Return the reason, the sentence and the exit code of a loop that `error` left, if one did."""
    match error:
        case KeyboardInterrupt():
            return "stopped", f"Stopped by SIGINT at step {step}.", 130
        case SystemExit() if error.code not in {None, 0}:
            code = error.code if isinstance(error.code, int) else 1
            return "stopped", f"Its script left at step {step}: exit {error.code}.", code
        case Exception():
            return "failed", f"{words_of(error)}{_where(error)}.", 1
    return ("stopped", f"Stopped on command at step {step}.", 0) if stopped else ("finished", "", 0)


def words_of(error: BaseException) -> str:
    """Return an error as a sentence has it; one that was foreseen says it all."""
    lines = str(error).strip().splitlines() or [""]
    said = lines[0][:300].rstrip(".")
    if isinstance(error, (GantermError, OSError)) and said:
        return said
    return f"{type(error).__name__}: {said}".rstrip(": ")


def _where(error: BaseException) -> str:
    """Return the innermost line of the user's own code that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        each for each in frames if not {"site-packages", "ganterm"} & {*Path(each.filename).parts}
    ]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
