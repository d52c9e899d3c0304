"""What a long journal says, kept beside it: so that it is read once and then only what is new.

The journal alone is believed. What is kept says of which bytes of it it is: where those are not
what they were, or the file is damaged or gone, the journal is read and the file made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from ganterm.core.files import read_limited, write_atomically
from ganterm.core.records import Record
from ganterm.runs.history import HistoryState, RunHistory
from ganterm.runs.journal import JournalTail, Part, Place
from ganterm.runs.layout import RunDir

KEEP_EVERY: Final = 1 << 25
"""So many bytes of a journal are worth keeping what they say."""
_LIMIT: Final = 1 << 28
_FORM: Final = f"ganterm-history-1-{sys.byteorder}"
_DIGEST: Final = 32


class _Kept(msgspec.Struct):
    form: str
    place: Place
    history: HistoryState


class HistoryReader:
    """Reads a journal into a history, again and again."""

    def __init__(self, run: RunDir, history: RunHistory) -> None:
        self._run = run
        self._history = history
        self._tail = JournalTail(run.journal)
        self._restarts = 0
        self._kept_at: int | None = None

    @property
    def damaged(self) -> int:
        """Lines so far that are not records."""
        return self._tail.damaged

    def read(self) -> Iterator[list[Part]]:
        """Take in what is new and yield it, part by part; the very first time all is new.

        Where the journal turned out to be another one, the history has begun anew before, and an
        empty part says so.

        Raises:
            OSError: the journal is there but cannot be read, or is not a regular file.
        """
        if self._kept_at is None:
            self._kept_at = 0
            self._recall()
        while True:
            parts = self._tail.read()
            if self._tail.restarts != self._restarts:
                self._restarts, self._kept_at = self._tail.restarts, 0
                self._history.forget()
                yield []
            if not parts:
                break
            self._history.add(*parts)
            yield parts
        if self._tail.offset - self._kept_at >= KEEP_EVERY:
            self._kept_at = self._tail.offset
            self._keep()

    def records(self) -> Iterator[Record]:
        """Take in what is new and yield it, record by record; raises as `read`."""
        for record in self._tail.each():
            self._history.add(record)
            yield record

    def _recall(self) -> None:
        """Begin with what is kept, if it is of this journal."""
        with contextlib.suppress(OSError, ValueError, msgspec.MsgspecError):
            data = memoryview(read_limited(kept_file(self._run), _LIMIT))
            if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
                return
            kept = msgspec.msgpack.decode(data[_DIGEST:], type=_Kept)
            if kept.form == _FORM and self._tail.is_at(kept.place):
                self._history.restore(kept.history)
                self._tail.go_on(kept.place)
                self._kept_at = kept.place.offset

    def _keep(self) -> None:
        """Keep what was read; without room or the right to, it is read again the next time."""
        with contextlib.suppress(OSError):
            # Among the files of somebody else nothing is left.
            if self._run.path.stat().st_uid == os.geteuid():
                kept = _Kept(_FORM, self._tail.place(), self._history.state())
                data = msgspec.msgpack.encode(kept)
                content = hashlib.sha256(data).digest() + data
                write_atomically(kept_file(self._run), content, sync=False)


def read_history(run: RunDir) -> RunHistory:
    """Return what the journal of `run` says; nothing where it is missing.

    Raises:
        OSError: it is there but cannot be read, or is not a regular file.
    """
    history = RunHistory()
    for _ in HistoryReader(run, history).read():
        pass
    return history


def kept_file(run: RunDir) -> Path:
    """Return the file in which what a long journal says is kept."""
    return run.path / "history.cache"
