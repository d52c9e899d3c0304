"""The standard streams as every command finds them, whatever it was started with.

A closed one becomes one that is empty or cannot be written, so that no file of ours is opened in
its place. What standard output cannot take ends the command; narration that nobody can have does
not.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_NUMBERS: Final = {"stdin": 0, "stdout": 1, "stderr": 2}


class _Output(io.FileIO):
    """A descriptor whose first failure is remembered, and which swallows all that comes then."""

    def __init__(self, number: int, *, failing: bool) -> None:
        super().__init__(number, "w", closefd=False)
        self.trouble: OSError | None = None
        self._failing = failing

    def write(self, data: ReadableBuffer, /) -> int:
        if self.trouble is None:
            try:
                return super().write(data)
            except OSError as error:
                self.trouble = error
                if self._failing:
                    raise
        return memoryview(data).nbytes


class DataStream:
    """Standard output, and what became of it."""

    def __init__(self, raw: _Output) -> None:
        self._raw = raw

    def finish(self) -> OSError | None:
        """Send on what is still held back; return what kept any of it from being written."""
        with contextlib.suppress(OSError):  # The stream remembers it.
            sys.stdout.flush()
        return self._raw.trouble


def settle() -> DataStream:
    """Make the three streams of `sys` usable, and return standard output.

    Characters that a stream cannot encode are written out as escapes. The first failure to write
    standard output is raised as its `OSError`; standard error never fails.
    """
    for name, number in _NUMBERS.items():
        if getattr(sys, name) is None:
            # Standard output is opened for reading: data for it is missed, and must not be lost.
            opened = os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    data = _Output(1, failing=True)
    sys.stdout = _text(sys.stdout, data)
    sys.stderr = _text(sys.stderr, _Output(2, failing=False), line_buffering=True)
    return DataStream(data)


def _text(before: TextIO | None, raw: _Output, *, line_buffering: bool = False) -> io.TextIOWrapper:
    if isinstance(before, io.TextIOWrapper):
        line_buffering = line_buffering or before.line_buffering or before.write_through
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8" if before is None else before.encoding,
        errors="backslashreplace",
        line_buffering=line_buffering,
    )
