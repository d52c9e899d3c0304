"""What a measurement found: rows of figures with their spread, and how they are written."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Spread:
    """A figure measured several times: the middle one, the smallest and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Summarise at least one value; raises `ValueError` for none."""
        ordered = sorted(values)
        if not ordered:
            raise ValueError("no value to summarise")
        return cls(statistics.median(ordered), ordered[0], ordered[-1])

    def scaled(self, factor: float) -> Spread:
        """Return this figure in another unit; `factor` is above 0."""
        return Spread(self.median * factor, self.low * factor, self.high * factor)


Value = str | int | float | Spread | None
"""One cell; `None` where there is nothing to measure."""

Form = Literal[
    "text", "count", "number", "bytes", "giga", "us", "ms", "s", "rate", "ratio", "share"
]
"""How a cell is written. Values are in base units: seconds for any time, 1 for a whole;
`giga` gives 10^9 of whatever its heading says."""

_SCALES: Mapping[Form, tuple[float, str]] = {
    "bytes": (1e-6, " MB"),
    "giga": (1e-9, ""),
    "us": (1e6, " us"),
    "ms": (1e3, " ms"),
    "s": (1.0, " s"),
    "ratio": (1.0, "x"),
    "share": (100.0, " %"),
}


@dataclass(frozen=True)
class Column:
    """A column: its key in the rows and in JSON, its heading, and how its cells are written."""

    key: str
    heading: str
    form: Form = "text"


@dataclass(frozen=True)
class Result:
    """What one measurement found.

    Attributes:
        title: what was measured, as a heading.
        method: how, in a sentence or two.
        columns: the columns of the table, in order.
        rows: the figures by column key; times in seconds, shares as fractions of 1.
        notes: sentences about this machine's data that the figures depend on.
    """

    title: str
    method: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Value]]
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def headings(self) -> list[str]:
        """The heading of every column."""
        return [column.heading for column in self.columns]

    def cells(self) -> list[list[str]]:
        """Return every row as text, in the order of the columns."""
        return [[write(row[c.key], c.form) for c in self.columns] for row in self.rows]

    def as_mapping(self) -> dict[str, Any]:
        """Return plain values for JSON; a spread becomes `{"median", "min", "max"}`."""
        rows = [{c.key: _plain(row[c.key]) for c in self.columns} for row in self.rows]
        return {
            "title": self.title,
            "method": self.method,
            "rows": rows,
            "notes": list(self.notes),
        }


def write(value: Value, form: Form) -> str:
    """Write one cell: `12.3 ms`, or `12.3 ms (11.9 to 13.0)` for a spread."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    scale, unit = _SCALES.get(form, (1.0, ""))
    if isinstance(value, Spread):
        middle, low, high = (
            _digits(part * scale, form) for part in (value.median, value.low, value.high)
        )
        return f"{middle}{unit} ({low} to {high})"
    return _digits(value * scale, form) + unit


def _digits(value: float, form: Form) -> str:
    """Write three significant digits or so, and whole images and counts whole."""
    if form in {"count", "rate"} or value >= 100:
        return f"{value:,.0f}"
    if form == "share" and value < 0.1:
        return f"{value:.1g}"
    if form == "number" and value < 1:
        return f"{value:.3g}"
    if form in {"ratio", "share"} or value < 10:
        return f"{value:.2f}"
    return f"{value:.1f}"


def _plain(value: Value) -> object:
    if isinstance(value, Spread):
        return {"median": value.median, "min": value.low, "max": value.high}
    return value
