"""What comes next in a long journal, read by other processes while this one takes in the rest.

They are given lines and say what stands in them: a journal is opened and judged by its one reader,
which takes their word for nothing but the very lines that it has read itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from array import array
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Final, cast

import msgspec

from ganterm.core.files import open_regular
from ganterm.runs.columns import Column, MetricsColumns, pieces_of, read_columns
from ganterm.runs.journal import MAX_LINE
from ganterm.runs.launch import spawn

LONG: Final = 1 << 27
"""Bytes from which on other processes are worth starting."""
_PROCESSES: Final = 2
_BLOCKS: Final = 2
"""Blocks that a process is given before its first answer is taken: it never waits for more."""
_LENGTH: Final = 4


class _Wired(msgspec.Struct, array_like=True):
    """Columns as they go through a pipe: all of them have the same steps."""

    steps: bytes
    times: bytes | list[float]
    ascending: bool
    values: dict[str, bytes | list[float | None]]


class Ahead:
    """Reads the blocks of a journal from an offset on, some at once in each of its processes.

    Raises:
        OSError: the journal cannot be opened, or no process started.
    """

    def __init__(self, path: Path, offset: int) -> None:
        self._offset = offset
        self._processes: list[subprocess.Popen[bytes]] = []
        self._sent: deque[tuple[subprocess.Popen[bytes], bytes]] = deque()
        self._descriptor = open_regular(path)
        _keep_memory()
        try:
            for _ in range(_PROCESSES):
                process = spawn(
                    __name__,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
                self._processes.append(process)
                _widen(process)
            for process in self._processes * _BLOCKS:
                self._send(process)
        except BaseException:
            self.close()
            raise

    def read(self, text: bytes) -> Sequence[bytes | MetricsColumns] | None:
        """Return the pieces of the next block; None where it is not what was read ahead."""
        if not self._sent:
            return None
        process, sent = self._sent.popleft()
        try:
            if sent != text:
                raise ValueError("the journal is another one, or has grown")
            answer = _received(cast("IO[bytes]", process.stdout))
            self._send(process)
            return understood(answer)
        except (OSError, ValueError, msgspec.MsgspecError):
            self.close()
            return None

    def close(self) -> None:
        """End the processes; a second call does nothing."""
        self._sent.clear()
        while self._processes:
            process = self._processes.pop()
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    cast("IO[bytes]", pipe).close()
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _send(self, process: subprocess.Popen[bytes]) -> None:
        text = os.pread(self._descriptor, MAX_LINE, self._offset)
        text = text[: text.rfind(b"\n") + 1]
        if text:
            self._offset += len(text)
            _put(cast("IO[bytes]", process.stdin), text)
            self._sent.append((process, text))


def main() -> None:
    """Say of each block of lines what stands in it, until there are no more."""
    _keep_memory()
    # It reads on however long an answer is not taken, so that no two processes wait for another.
    with ThreadPoolExecutor(1) as writer:
        while text := _received(sys.stdin.buffer):
            writer.submit(_put, sys.stdout.buffer, answer_to(text))


def answer_to(text: bytes) -> bytes:
    """Return what stands in whole lines, as it goes through a pipe."""
    found: list[bytes | MetricsColumns] = []
    for piece in pieces_of(text):
        columns = read_columns(piece, ())
        before = found[-1] if found else b""
        if columns and isinstance(before, MetricsColumns) and _alike(before, columns):
            found[-1] = _joined(before, columns)
        else:
            found.append(columns or piece)
    return msgspec.msgpack.encode([*map(_wired, found)])


def understood(answer: bytes) -> list[bytes | MetricsColumns]:
    """Return the pieces of lines that `answer_to` has told of: columns, and lines as they are."""
    pieces = msgspec.msgpack.decode(answer, type=list[bytes | _Wired])
    return [each if isinstance(each, bytes) else _columns(each) for each in pieces]


def _received(pipe: IO[bytes]) -> bytes:
    length = int.from_bytes(pipe.read(_LENGTH), "big")
    data = pipe.read(length)
    if len(data) < length:
        raise ValueError("the process at the other end is gone")
    return data


def _put(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(len(data).to_bytes(_LENGTH, "big"))
    pipe.write(data)
    pipe.flush()


def _keep_memory() -> None:
    """Have the C library keep the memory of blocks for those that follow.

    Glibc gives what is freed at the heap's end back above twice the largest size freed so far, and
    the kernel then clears each page of the next block anew, which costs more than copying it.
    """
    bytes(16 * MAX_LINE)


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Give the pipes of a process room for a block, where the system does."""
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(AttributeError, OSError):
            fcntl.fcntl(cast("IO[bytes]", pipe), fcntl.F_SETPIPE_SZ, MAX_LINE)


def _alike(before: MetricsColumns, after: MetricsColumns) -> bool:
    return [*before.columns] == [*after.columns]


def _joined(before: MetricsColumns, after: MetricsColumns) -> MetricsColumns:
    """Return metrics of the same quantities, each of which has all of the steps, as one."""
    steps = cast("array[int]", before.steps) + cast("array[int]", after.steps)
    columns: dict[str, Column] = {}
    for (name, one), other in zip(before.columns.items(), after.columns.values(), strict=True):
        ascending = one.ascending and other.ascending and one.steps[-1] <= other.steps[0]
        columns[name] = Column(steps, _both(one.values, other.values), ascending)
    return MetricsColumns(steps, _both(before.times, after.times), columns)


def _both(one: Sequence[Any], other: Sequence[Any]) -> Sequence[Any]:
    if isinstance(one, array) and isinstance(other, array):
        return one + other
    return [*one, *other]


def _wired(piece: bytes | MetricsColumns) -> bytes | _Wired:
    if isinstance(piece, bytes):
        return piece
    times, columns = piece.times, piece.columns
    return _Wired(
        bytes(cast("array[int]", piece.steps)),
        bytes(times) if isinstance(times, array) else [*times],
        next(iter(columns.values())).ascending,
        {
            name: bytes(values) if isinstance(values, array) else [*values]
            for name, (_, values, _) in columns.items()
        },
    )


def _columns(wired: _Wired) -> MetricsColumns:
    steps = array("q", wired.steps)
    times = wired.times
    return MetricsColumns(
        steps,
        array("d", times) if isinstance(times, bytes) else times,
        {
            name: Column(
                steps, array("d", each) if isinstance(each, bytes) else each, wired.ascending
            )
            for name, each in wired.values.items()
        },
    )
