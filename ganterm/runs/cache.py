"""What a long journal says, kept beside it: so that it is read once and then only what is new.

The journal alone is believed. What is kept says of which bytes of it it is: where those are not
what they were, or the file is damaged or gone, the journal is read and the file made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import os
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from ganterm.core.files import open_regular, read_limited, stamp_of, write_atomically
from ganterm.core.records import (
    AlertRecord,
    CheckpointRecord,
    ControlRecord,
    EndRecord,
    JudgedRecord,
    Record,
    ResumeRecord,
    SampleRecord,
    StartRecord,
)
from ganterm.core.series import Series, SeriesState
from ganterm.runs.ahead import LONG, Ahead
from ganterm.runs.history import RunHistory
from ganterm.runs.journal import MAX_LINE, JournalTail, Part
from ganterm.runs.layout import RunDir
from ganterm.runs.live import LiveChange, LiveSettings

KEEP_EVERY: Final = 1 << 25
"""So many bytes of a journal are worth keeping what they say."""
_LIMIT: Final = 1 << 28
_FORM: Final = f"ganterm-history-1-{sys.byteorder}"
_DIGEST: Final = 32
_STILL_NS: Final = 2 * 10**9
"""What was written so long ago has another time than what is written now, on any file system."""


class Place(msgspec.Struct):
    """How far a journal was read, and what proves that it is the same one up to there.

    Attributes:
        offset: bytes that were read, `crc` their checksum.
        stamp: inode, size and times of the file where all of it was read and lay still; without it
            the checksum has to be taken again.
        damaged, newer: lines that were no records, and records that were passed over.
    """

    offset: int
    crc: int
    stamp: tuple[int, ...]
    damaged: int
    newer: int


Told = (
    StartRecord
    | ResumeRecord
    | SampleRecord
    | CheckpointRecord
    | AlertRecord
    | ControlRecord
    | JudgedRecord
    | EndRecord
)
"""What a history keeps of a journal beside its metrics."""


_Amount = Annotated[float, Meta(ge=0, le=1e15)]


class _Figures(msgspec.Struct):
    """What a history knows in single figures and words."""

    parent: str
    first_step: int
    steps: int
    last_step: int
    reached: int
    epochs: int | None
    device: str
    host: str
    _pace: _Amount | None
    _opened: _Amount | None
    _latest: _Amount
    _before: _Amount


class HistoryState(msgspec.Struct):
    """A history as it can be written down: the records that it keeps, and what else it knows."""

    records: list[Told]
    figures: _Figures
    config: dict[str, Any]
    start_config: dict[str, Any]
    changes: list[tuple[int, str, Any, Any, bool]]
    series: dict[str, SeriesState]
    epoch_series: dict[str, SeriesState]
    epochs: SeriesState


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

    @property
    def share(self) -> float:
        """How much of the journal has been read, from 0 to 1."""
        size = stamp[1] if (stamp := stamp_of(self._run.journal)) else 0
        return min(self._tail.offset / max(size, 1), 1.0)

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
        with self._reading_ahead():
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

    @contextlib.contextmanager
    def _reading_ahead(self) -> Iterator[None]:
        """Have other processes read with this one where there is much to read."""
        stamp = stamp_of(self._run.journal)
        ahead = None
        if stamp and stamp[1] - self._tail.offset > LONG and (os.cpu_count() or 1) > 1:
            # Without them it only takes longer.
            with contextlib.suppress(OSError):
                ahead = Ahead(self._run.journal, self._tail.offset)
                self._tail.ahead = ahead.read
        try:
            yield
        finally:
            self._tail.ahead = None
            if ahead:
                ahead.close()

    def _recall(self) -> None:
        """Begin with what is kept, if it is of this journal."""
        with contextlib.suppress(OSError, ValueError, msgspec.MsgspecError):
            data = memoryview(read_limited(kept_file(self._run), _LIMIT))
            if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
                return
            kept = msgspec.msgpack.decode(data[_DIGEST:], type=_Kept)
            if kept.form == _FORM and is_at(self._tail, kept.place):
                restore(self._history, kept.history)
                self._tail.offset, self._tail.crc = kept.place.offset, kept.place.crc
                self._tail.damaged, self._tail.newer = kept.place.damaged, kept.place.newer
                self._kept_at = kept.place.offset

    def _keep(self) -> None:
        """Keep what was read; without room or the right to, it is read again the next time."""
        with contextlib.suppress(OSError):
            # Among the files of somebody else nothing is left.
            if self._run.path.stat().st_uid == os.geteuid():
                kept = _Kept(_FORM, place_of(self._tail), state_of(self._history))
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


def state_of(history: RunHistory) -> HistoryState:
    """Return all that a history knows."""
    lists = (history._others, history.drawn, history.saved, history.alerts, history.judged)
    return HistoryState(
        # In order within each list, and those of all by their times.
        list(heapq.merge(*lists, key=lambda record: record.time)),  # type: ignore[arg-type]
        _Figures(*(getattr(history, name) for name in _Figures.__struct_fields__)),
        history.config,
        history.start_config,
        [astuple(change) for change in history.changes],
        {name: series.state() for name, series in history.series.items()},
        {name: series.state() for name, series in history.epoch_series.items()},
        history._epochs.state(),
    )


def restore(history: RunHistory, state: HistoryState) -> None:
    """Have a history know what another knew.

    Raises:
        ValueError: no history was ever in such a state.
    """
    history.forget()
    series, epoch_series, epochs = (
        {name: Series.restored(each) for name, each in known.items()}
        for known in (state.series, state.epoch_series, {"": state.epochs})
    )
    # What a resume took back is none of it.
    history.restoring = True
    for record in state.records:
        history._add(record)
    history.restoring = False
    for name in _Figures.__struct_fields__:
        setattr(history, name, getattr(state.figures, name))
    changes = tuple(LiveChange(*change) for change in state.changes)
    history.settings = LiveSettings(state.config, state.start_config, changes)
    history.series, history.epoch_series, history._epochs = series, epoch_series, epochs[""]


def place_of(tail: JournalTail) -> Place:
    """Return how far a journal was read; raises `OSError` where it is gone."""
    found = tail.path.lstat()
    still = found.st_size == tail.offset and time.time_ns() - found.st_mtime_ns > _STILL_NS
    stamp = _stamp(found) if still and tail.identity == (found.st_dev, found.st_ino) else ()
    return Place(tail.offset, tail.crc, stamp, tail.damaged, tail.newer)


def is_at(tail: JournalTail, place: Place) -> bool:
    """Tell whether a journal is the same one up to a place; raises `OSError` as reading does."""
    descriptor = open_regular(tail.path)
    try:
        found = os.fstat(descriptor)
        tail.identity = found.st_dev, found.st_ino
        return 0 < place.offset <= found.st_size and (
            _stamp(found) == place.stamp or _crc(descriptor, place.offset) == place.crc
        )
    finally:
        os.close(descriptor)


def _stamp(found: os.stat_result) -> tuple[int, ...]:
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _crc(descriptor: int, length: int) -> int:
    """Return the checksum of the first bytes of a file."""
    crc = begin = 0
    while begin < length and (block := os.pread(descriptor, min(MAX_LINE, length - begin), begin)):
        crc = zlib.crc32(block, crc)
        begin += len(block)
    return crc
