"""The journal: an append-only file of JSON lines with one writer and any number of readers.

A record is written by one `os.write` of one line. A line that has no newline yet is not there
yet: readers leave it, and the next writer cuts it off.
"""

import contextlib
import errno
import os
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ganterm.core import jsontext
from ganterm.core.codec import decode, encode
from ganterm.core.directory import FileUnusable, naming, sync_directory
from ganterm.core.files import open_regular, open_to_append, read_range
from ganterm.core.records import (
    KINDS,
    SCHEMA_VERSION,
    MetricsRecord,
    Record,
)
from ganterm.runs.columns import BEGINNING, MetricsColumns, others_in, pieces_of, read_columns

MAX_LINE = 1 << 20
"""Bytes of the longest line, newline included: far above any record, a bound for readers."""

MAX_SIZE = 1 << 34
"""Bytes of the longest journal; fifty million records are shorter."""
MAX_DAMAGE = 1 << 26
"""Bytes in lines that are no records; a file with more of them is no journal."""

_BLOCK = 1 << 16


class JournalWriter:
    """Appends records; its process must hold the run's lock.

    Opening cuts off what a killed writer left of an unfinished last line.

    Attributes:
        torn_bytes: how many bytes were cut off when the journal was opened.

    Raises:
        OSError: it cannot be opened or cut, or is not a regular file; `filename` is set.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._torn = False
        with naming(path):
            self._descriptor = open_to_append(path)
            try:
                self.torn_bytes = self._cut_torn_tail()
                sync_directory(path.parent)
            except BaseException:
                os.close(self._descriptor)
                raise

    def write(self, record: Record) -> None:
        """Append a record, at the present time.

        NaN and infinity become null. If the line cannot be written whole, what was written of it
        is cut off again, so the journal stays a file of whole lines.

        Raises:
            OSError: the disk is full, the journal was deleted, ...; `filename` is set.
            ValueError: `step` is not a count, a field stands twice, or the line is too long.
            TypeError: a value that JSON cannot hold.
        """
        if not jsontext.is_count(record.step):
            raise ValueError(f"a record's step is a count, not {record.step!r}")
        line = jsontext.dump_line(jsontext.finite(encode(record, round(self._clock(), 3))))
        if len(line) > MAX_LINE:
            raise ValueError(f"a record of {len(line)} bytes is longer than {MAX_LINE}")
        with naming(self.path):
            self._append(line)

    def sync(self) -> None:
        """Wait until every record is on the disk, where a power cut cannot reach it."""
        with naming(self.path):
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Sync and close; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        with naming(self.path):
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def __enter__(self) -> "JournalWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, line: bytes) -> None:
        if self._torn:
            self._cut_torn_tail()
            self._torn = False
        before = os.fstat(self._descriptor)
        if before.st_nlink == 0:
            # Writing to a deleted file succeeds, and everything written is lost.
            raise OSError(errno.ENOENT, "The journal was deleted")
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except BaseException:
            self._take_back(before.st_size, len(line))
            raise

    def _take_back(self, begin: int, length: int) -> None:
        """Cut off a line of which only a part was written; a whole one may have been read."""
        self._torn = True
        with contextlib.suppress(OSError):
            if os.fstat(self._descriptor).st_size < begin + length:
                os.ftruncate(self._descriptor, begin)
            self._torn = False

    def _cut_torn_tail(self) -> int:
        size = os.fstat(self._descriptor).st_size
        end = _end_of_last_line(self._descriptor, size)
        if end < size:
            os.ftruncate(self._descriptor, end)
        return size - end


Part = Record | MetricsColumns
"""A record, or many of metrics at once."""

R = TypeVar("R", bound=Record)


class JournalTail:
    """Follows a journal: each look returns the records that became whole since the one before.

    It holds no file open and keeps only its place, so any number may follow one journal, and the
    journal may appear, grow, or be replaced by another at any time.

    Attributes:
        damaged: lines so far that are not records.
        newer: records so far of a schema newer than this ganterm reads; they are passed over.
        restarts: how often the journal turned out to be another one and was read anew.
        offset: bytes that were read, `crc` their checksum.
        identity: device and inode of the file they are of; None before.
        ahead: returns what lines hold, if it has read them ahead.
    """

    ahead: Callable[[bytes], Sequence[bytes | MetricsColumns] | None] | None = None

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self.newer = 0
        self.restarts = 0
        self._damage = 0
        self.offset = self.crc = 0
        self.identity: tuple[int, int] | None = None
        self._skipping = False
        self._names: dict[str, None] = {}

    def poll(self) -> list[Record]:
        """Return all new records in order; none where the journal is missing.

        Raises:
            OSError: the journal is there but cannot be read, or is not a regular file.
        """
        return list(self.each())

    def each(self) -> Iterator[Record]:
        """Yield all new records in order; raises as `poll`."""
        for text in self._blocks():
            yield from self._records(_lines(text))

    def read(self) -> list[Part]:
        """Return the new records of about a megabyte; none are left when it returns none.

        They are in order, but for metrics, which come in columns where they are many: before the
        next record that a worker begins with, ends with, or tells of a command with.

        Raises:
            OSError: as `poll`.
        """
        return next(filter(None, map(self._parts, self._blocks())), [])

    def records(self, *kinds: type[R]) -> Iterator[R]:
        """Yield the new records of these kinds, but none of metrics, in order.

        Raises:
            OSError: as `poll`.
        """
        wanted = {word for word, kind in KINDS.items() if issubclass(kind, kinds)} - {"metrics"}
        others = tuple(f'{{"v":1,"kind":"{word}",'.encode() for word in KINDS.keys() - wanted)
        for text in self._blocks():
            for each in self._beside_metrics(text, others):
                if isinstance(each, kinds):
                    yield each

    def newest(self, most: int) -> list[Record]:
        """Return the new records, but of metrics the newest `most` at least; raises as `poll`."""
        records: list[Record] = []
        held: deque[tuple[bytes, int]] = deque()
        total = 0
        for text in self._blocks():
            held.append((text, text.count(BEGINNING)))
            total += held[-1][1]
            while total - held[0][1] >= most:
                old, metrics = held.popleft()
                total -= metrics
                records += self._beside_metrics(old)
        for text, _ in held:
            records += self._records(_lines(text))
        return records

    def _beside_metrics(self, text: bytes, others: tuple[bytes, ...] = ()) -> Iterator[Record]:
        """Yield the records of whole lines but those of metrics, and of lines that begin so."""
        lines = [text[begin : end - 1] for begin, end in others_in(text)]
        for each in self._records([line for line in lines if not line.startswith(others)]):
            if not isinstance(each, MetricsRecord):
                yield each

    def _recognise(self, descriptor: int) -> None:
        """Begin anew where this is not the file whose beginning was read."""
        found = os.fstat(descriptor)
        identity = (found.st_dev, found.st_ino)
        changed = self.identity not in (None, identity)
        if not changed and self.offset:
            # What was read last: the end of a line, or of a part of an endless one.
            last = os.pread(descriptor, 1, self.offset - 1)
            changed = not last if self._skipping else last != b"\n"
        if changed:
            self.offset = self.crc = self._damage = 0
            self._skipping = False
            self.restarts += 1
        self.identity = identity
        if found.st_size > MAX_SIZE or self._damage > MAX_DAMAGE:
            raise _no_journal(self.path)

    def _parts(self, text: bytes) -> list[Part]:
        pieces = (self.ahead and self.ahead(text)) or pieces_of(text)
        return [part for piece in pieces for part in self._parts_of(piece)]

    def _parts_of(self, piece: bytes | MetricsColumns) -> Iterator[Part]:
        """Yield lines of metrics as columns; as records where they are few or odd."""
        if isinstance(piece, bytes):
            # A line that is too long is no record.
            found = read_columns(piece, [*self._names]) if len(piece) < MAX_LINE else None
            parts: Iterable[Part] = [found] if found else self._records(_lines(piece))
        else:
            parts = [piece]
        for part in parts:
            if isinstance(part, MetricsColumns):
                self._names |= dict.fromkeys(part.columns)
            elif isinstance(part, MetricsRecord):
                self._names |= dict.fromkeys(part.values)
            yield part

    def _records(self, lines: Sequence[bytes]) -> Iterator[Record]:
        for line in lines:
            record = parse_record(line)
            if record is None:
                self.damaged += 1
                self._add_damage(len(line))
            elif record.v > SCHEMA_VERSION:
                self.newer += 1
            else:
                yield record

    def _blocks(self) -> Iterator[bytes]:
        """Yield whole lines, many at once; `offset` always stands behind those that were."""
        try:
            descriptor = open_regular(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return
        try:
            self._recognise(descriptor)
            held = b""
            while block := os.pread(descriptor, MAX_LINE, self.offset + len(held)):
                data = held + block
                end = data.rfind(b"\n") + 1
                held = data[end:]
                self._take(data, end)
                begin = data.index(b"\n") + 1 if end and self._skipping else 0
                self._skipping = self._skipping and not end
                if len(held) >= MAX_LINE:
                    if not self._skipping:
                        self.damaged += 1
                    self._skipping = True
                if self._skipping:
                    self._take(held, len(held))
                    self._add_damage(len(held))
                    held = b""
                yield data[begin:end]
        finally:
            os.close(descriptor)

    def _take(self, data: bytes, size: int) -> None:
        self.offset += size
        self.crc = zlib.crc32(memoryview(data)[:size], self.crc)

    def _add_damage(self, length: int) -> None:
        self._damage += length + 1
        if self._damage > MAX_DAMAGE:
            raise _no_journal(self.path)


def _lines(text: bytes) -> list[bytes]:
    """Return whole lines, each without its newline."""
    return text.split(b"\n")[:-1]


def read_journal(path: Path) -> list[Record]:
    """Return every record of the journal at `path`; none where it is missing."""
    return JournalTail(path).poll()


def newest_of(path: Path, most: int = 1 << 16) -> list[Record]:
    """Return every record of the journal at `path`, but of metrics the newest `most` at least."""
    return JournalTail(path).newest(most)


def records_of(path: Path, *kinds: type[R]) -> Iterator[R]:
    """Yield the records of these kinds, but none of metrics, of the journal at `path`."""
    return JournalTail(path).records(*kinds)


def read_end(path: Path, size: int = _BLOCK) -> list[Record]:
    """Return the records within the last `size` bytes of the journal at `path`.

    Raises:
        OSError: it is there but cannot be read.
    """
    try:
        descriptor = open_regular(path)
    except (FileNotFoundError, NotADirectoryError):
        return []
    try:
        begin = max(0, os.fstat(descriptor).st_size - size)
        # One byte more tells whether the window opens at the beginning of a line.
        data = read_range(descriptor, max(0, begin - 1), size + 1)
    finally:
        os.close(descriptor)
    whole, _, _ = data.rpartition(b"\n")
    lines = whole.split(b"\n")[1 if begin else 0 :]
    parsed = (parse_record(line) for line in lines)
    return [record for record in parsed if record is not None and record.v <= SCHEMA_VERSION]


def parse_record(line: bytes) -> Record | None:
    """Return the record that `line` (without its newline) holds, or None if it holds none."""
    if len(line) >= MAX_LINE:
        return None
    try:
        return decode(jsontext.parse_object(line))
    except ValueError:
        return None


def _no_journal(path: Path) -> FileUnusable:
    return FileUnusable(errno.EFBIG, "Too long or too damaged for a journal", str(path))


def _end_of_last_line(descriptor: int, size: int) -> int:
    """Return the offset just after the last newline within `size` bytes; 0 without one."""
    end = size
    while end > 0:
        if end < size - MAX_DAMAGE:
            raise OSError(errno.EFBIG, "Too long or too damaged for a journal")
        begin = max(0, end - _BLOCK)
        found = read_range(descriptor, begin, end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0
