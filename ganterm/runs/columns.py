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
    decode, fields = _decoder(tuple(names))
    try:
        rows = decode(text)
        given, times, *measured = (list(map(field, rows)) for field in fields)
        steps = array("q", given)
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError):
        return None
    ascending = _ascending(steps)
    # Every key has a colon: with more of them, one stands twice.
    colons = text.count(b":") - 4 * len(lines)
    beside = {name: 1 + name.count(":") for name in names}
    if colons == sum(beside.values()) * len(lines):
        whole = zip(names, measured, strict=True)
        return MetricsColumns(
            steps, times, {name: Column(steps, values, ascending) for name, values in whole}
        )
    columns: dict[str, Column] = {}
    for name, values in zip(names, measured, strict=True):
        there = [place for place, value in enumerate(values) if value is not UNSET]
        colons -= beside[name] * len(there)
        if there:
            some = array("q", [steps[place] for place in there])
            columns[name] = Column(some, [values[place] for place in there], ascending)
    return None if colons else MetricsColumns(steps, times, columns)


def _column(steps: array[int], values: Sequence[float | None]) -> Column:
    return Column(steps, values, _ascending(steps))


def _ascending(steps: Sequence[int]) -> bool:
    return all(map(le, steps, islice(steps, 1, None)))


@lru_cache(maxsize=32)
def _decoder(
    names: tuple[str, ...],
) -> tuple[Callable[[bytes], list[Any]], list[Callable[[Any], Any]]]:
    """Return what reads a list of metrics that have any of the names and nothing else.

    Its second part gives of each of them the step, the time and what was measured.
    """
    given: list[Any] = [
        ("v", Annotated[int, Meta(ge=1, le=1)]),
        ("kind", str),
        # With a float among what it may be, 1.0 is none of a count, as it has to be.
        ("step", Annotated[int, Meta(ge=0, lt=1 << 53)] | float),
        ("time", Annotated[float, Meta(ge=0, lt=1e11)]),
    ]
    measured: list[Any] = [
        (f"f{place}", float | None | UnsetType, UNSET) for place in range(len(names))
    ]
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
