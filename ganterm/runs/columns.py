"""Metrics by the thousand, as columns: so that a journal of millions of records is soon read."""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import astuple

from ganterm.core.records import (
    KINDS,
    ControlRecord,
    EndRecord,
    EpochRecord,
    MetricsRecord,
    OpeningRecord,
)

BEGINNING: Final = b'{"v":1,"kind":"metrics",'
"""How a line of metrics begins that ganterm wrote."""
FEWEST: Final = 32
"""Below so many lines it is as quick to read each by itself."""
MOST: Final = 1 << 18
"""Bytes that are read at once: one line that is odd makes all of them slow."""
_MOST_NAMES: Final = 1 << 10
_MOST_OF_ONE: Final = 64
_OTHER = re.compile(b"\n(?!%b).*(?=\n)" % re.escape(BEGINNING))
_AMID = tuple(
    f'{{"v":1,"kind":"{word}",'.encode()
    for word, kind in KINDS.items()
    if not issubclass(kind, (OpeningRecord, ControlRecord, EndRecord))
)
"""How lines begin before which metrics need not be taken in."""
# What is beyond may stand for a number that is none.
_Sound = Annotated[float, Meta(gt=-(2.0**63), lt=2.0**63)]


class Column(NamedTuple):
    """The values of a quantity at their steps; None is one that was not finite, in no array."""

    steps: array[int]
    values: Sequence[float | None]
    ascending: bool


class MetricsColumns(NamedTuple):
    """Records of metrics that follow one another, or of epochs.

    Attributes:
        steps: their steps in order, `times` their times; at least one.
        columns: the values of every quantity that any of them has, by name.
    """

    steps: Sequence[int]
    times: Sequence[float]
    columns: Mapping[str, Column]


def pieces_of(text: bytes) -> Iterator[bytes]:
    """Yield whole lines in the order in which `JournalTail.read` has what they tell.

    Those of metrics come many at once, each other one by itself.
    """
    metrics: list[bytes] = []
    behind = 0
    for begin, end in others_in(text):
        metrics.append(text[behind:begin])
        behind = end
        line = text[begin:end]
        if not line.startswith(_AMID):
            yield from _cut(b"".join(metrics))
            metrics = []
        yield line
    yield from _cut(b"".join([*metrics, text[behind:]]))


def _cut(metrics: bytes) -> Iterator[bytes]:
    """Yield whole lines, about `MOST` bytes of them at once."""
    begin = 0
    while begin < len(metrics):
        # No few lines are left over.
        many = len(metrics) - begin > 2 * MOST
        end = metrics.find(b"\n", begin + MOST) + 1 if many else len(metrics)
        yield metrics[begin:end]
        begin = end


def others_in(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each of the lines begins and ends that is not of metrics that ganterm wrote."""
    metrics = text.count(b"\n" + BEGINNING) + text.startswith(BEGINNING)
    if metrics == _count(text, b"\n"):
        return  # Most often there are none, and counting is quicker than looking for them.
    if text and not text.startswith(BEGINNING):
        yield 0, text.index(b"\n") + 1
    for match in _OTHER.finditer(text):
        # From behind the newline before it to behind its own.
        yield match.start() + 1, match.end() + 1


def columns_of(records: Sequence[MetricsRecord | EpochRecord]) -> MetricsColumns:
    """Return records, at least one, as columns."""
    columns: dict[str, tuple[list[int], list[float | None]]] = {}
    for record in records:
        for name, value in record.values.items():
            steps, values = columns.setdefault(name, ([], []))
            steps.append(record.step)
            values.append(value)
    return MetricsColumns(
        [record.step for record in records],
        [record.time for record in records],
        {name: _column(array("q", steps), values) for name, (steps, values) in columns.items()},
    )


def read_columns(text: bytes, names: Sequence[str]) -> MetricsColumns | None:
    """Return the metrics of whole lines that begin as `BEGINNING`, or None if that takes more care.

    It does where they are few, any of them is no record, or has something else than numbers, by
    `names` or by the names that the first of them has.
    """
    lines = _count(text, b"\n")
    if lines < FEWEST:
        return None
    # Most often each of them has all that the first one has.
    found = _read(text, lines, _names_of(text), whole=True)
    found = found or _read(text, lines, tuple(names), whole=False)
    # Every key has a colon: with more of them, one stands twice.
    return found[0] if found and _count(text, b":") == found[1] else None


def _names_of(text: bytes) -> tuple[str, ...]:
    """Return what the first line has beside what all have, where it is not much."""
    try:
        first = msgspec.json.decode(text[: text.index(b"\n")], type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ()
    return tuple(first)[4:] if len(first) < _MOST_OF_ONE else ()


def _read(
    text: bytes, lines: int, names: tuple[str, ...], *, whole: bool
) -> tuple[MetricsColumns, int] | None:
    """Return the metrics of lines that have the names and no others, and how many colons they have.

    Where they are not `whole`, some may be missing.
    """
    if not names or len(names) > _MOST_NAMES:
        return None
    try:
        rows = _decoder(names, whole)(text)
    except (msgspec.MsgspecError, ValueError):
        return None
    # A line begins with an object and ends none from before: with as many, each of them is one.
    if len(rows) != lines:
        return None
    width = len(names) + 3
    given: Sequence[Any] = list(chain.from_iterable(map(astuple, rows)))
    try:
        steps = array("q", given[1::width])
        given = array("d", struct.pack(f"{len(given)}d", *given))
    except TypeError:
        return None
    except struct.error:
        pass  # Some are null, or missing.
    times, *measured = (given[place::width] for place in range(2, width))
    ascending = _ascending(steps)
    columns: dict[str, Column] = {}
    colons = 4 * len(rows)
    for name, values in zip(names, measured, strict=True):
        column = Column(steps, values, ascending)
        if not whole:
            there = [place for place, value in enumerate(values) if value is not UNSET]
            some = array("q", [steps[place] for place in there])
            column = Column(some, [values[place] for place in there], ascending)
        colons += len(column.values) * (1 + name.count(":"))
        if column.values:
            columns[name] = column
    return MetricsColumns(steps, times, columns), colons


def _count(text: bytes, byte: bytes) -> int:
    """Return how often a byte stands in a text; of much text NumPy counts quicker."""
    if len(text) < MOST:
        return text.count(byte)
    import numpy as np  # noqa: PLC0415 - most runs are too short for it

    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == byte[0]))


def _column(steps: array[int], values: Sequence[float | None]) -> Column:
    return Column(steps, values, _ascending(steps))


def _ascending(steps: Sequence[int]) -> bool:
    given = list(steps)
    return given == sorted(given)


@lru_cache(maxsize=32)
def _decoder(names: tuple[str, ...], whole: bool) -> Callable[[bytes], list[Any]]:
    """Return what reads lines of metrics that have the names and nothing else.

    Where they are not `whole`, any of them may be missing. A row has the version, the step, the
    time, and what was measured.
    """
    given: list[Any] = [
        ("v", Annotated[int, Meta(ge=1, le=1)]),
        # With a float among what it may be, 1.0 is none of a count, as it has to be.
        ("step", Annotated[int, Meta(ge=0, lt=1 << 53)] | float),
        ("time", Annotated[float, Meta(ge=0, lt=1e11)]),
    ]
    value: tuple[Any, ...] = (_Sound | None,) if whole else (_Sound | None | UnsetType, UNSET)
    row = msgspec.defstruct(
        "Row",
        given + [(f"f{place}", *value) for place in range(len(names))],
        tag_field="kind",
        tag="metrics",
        rename={f"f{place}": name for place, name in enumerate(names)},
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(row).decode_lines
