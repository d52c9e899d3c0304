"""Metrics by the thousand, as columns: so that a journal of millions of records is soon read."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from operator import attrgetter, le
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ganterm.core.records import EpochRecord, MetricsRecord

BEGINNING: Final = b'{"v":1,"kind":"metrics",'
"""How a line of metrics begins that ganterm wrote."""
FEWEST: Final = 32
"""Below so many lines it is as quick to read each by itself."""
MOST: Final = 2048
"""Lines that are read at once: one that is odd makes all of them slow."""
_MOST_NAMES: Final = 1 << 10
# What is beyond may stand for a number that is none.
_Sound = Annotated[float, Meta(gt=-(2.0**63), lt=2.0**63)]


class Column(NamedTuple):
    """The values of a quantity at their steps; None is one that was not finite."""

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


def read_columns(lines: Sequence[bytes], names: Sequence[str]) -> MetricsColumns | None:
    """Return the metrics of lines that begin as `BEGINNING`, or None where that takes more care.

    It does where any of them is no record, or has something else than numbers, by `names`.
    """
    text = b"[" + b",".join(lines) + b"]"
    # No line has an object within, or a second one, and so each is one.
    if len(names) > _MOST_NAMES or text.count(b"{") != len(lines):
        return None
    # Most often each of them has all the names.
    whole, rows = True, _rows(text, tuple(names), whole=True)
    if rows is None:
        whole, rows = False, _rows(text, tuple(names), whole=False)
    if rows is None:
        return None
    given, times, *measured = rows
    try:
        steps = array("q", given)
    except (TypeError, OverflowError):
        return None
    ascending = _ascending(steps)
    columns: dict[str, Column] = {}
    keys = 4 * len(lines)
    for name, values in zip(names, measured, strict=True):
        column = Column(steps, values, ascending)
        if not whole:
            there = [place for place, value in enumerate(values) if value is not UNSET]
            some = array("q", [steps[place] for place in there])
            column = Column(some, [values[place] for place in there], ascending)
        keys += len(column.values) * (1 + name.count(":"))
        if column.values:
            columns[name] = column
    # Every key has a colon: with more of them, one stands twice.
    return MetricsColumns(steps, times, columns) if text.count(b":") == keys else None


def _rows(text: bytes, names: tuple[str, ...], *, whole: bool) -> list[list[Any]] | None:
    """Return the steps, the times and the values of each name; None where it is not that."""
    decode, fields = _decoder(names, whole)
    try:
        rows = decode(text)
    except (msgspec.MsgspecError, ValueError):
        return None
    return [list(map(field, rows)) for field in fields]


def _column(steps: array[int], values: Sequence[float | None]) -> Column:
    return Column(steps, values, _ascending(steps))


def _ascending(steps: Sequence[int]) -> bool:
    return all(map(le, steps, islice(steps, 1, None)))


@lru_cache(maxsize=32)
def _decoder(
    names: tuple[str, ...], whole: bool
) -> tuple[Callable[[bytes], list[Any]], list[Callable[[Any], Any]]]:
    """Return what reads a list of metrics that have the names and nothing else.

    Where they are not `whole`, any of them may be missing. The second part gives of each line the
    step, the time and what was measured.
    """
    given: list[Any] = [
        ("v", Annotated[int, Meta(ge=1, le=1)]),
        ("kind", str),
        # With a float among what it may be, 1.0 is none of a count, as it has to be.
        ("step", Annotated[int, Meta(ge=0, lt=1 << 53)] | float),
        ("time", Annotated[float, Meta(ge=0, lt=1e11)]),
    ]
    value: tuple[Any, ...] = (_Sound | None,) if whole else (_Sound | None | UnsetType, UNSET)
    measured: list[Any] = [(f"f{place}", *value) for place in range(len(names))]
    row = msgspec.defstruct(
        "Row",
        given + measured,
        rename={f"f{place}": name for place, name in enumerate(names)},
        forbid_unknown_fields=True,
        gc=False,
    )
    fields: list[Callable[[Any], Any]] = [
        attrgetter(field) for field in ("step", "time", *(each[0] for each in measured))
    ]
    rows: Any = list[row]  # type: ignore[valid-type]
    return msgspec.json.Decoder(rows).decode, fields
