"""What a measurement found: rows of figures with their spread, and how they are written."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Spread:
    """A figure measured several times: the middle one, the smallest and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Summarise at least one value; raises `StatisticsError`, a `ValueError`, for none."""
        ordered = sorted(values)
        return cls(statistics.median(ordered), ordered[0], ordered[-1])

    @classmethod
    def of_ratios(cls, ours: Iterable[float], theirs: Iterable[float]) -> Spread:
        """Summarise the ratio within each round."""
        return cls.of(a / b for a, b in zip(ours, theirs, strict=True))

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
class ResultColumn:
    """A column: its key in the rows and in JSON, its heading, and how its cells are written."""

    key: str
    heading: str
    form: Form = "text"


Row = Sequence[Value]


@dataclass(frozen=True)
class ResultTable:
    """What one measurement found.

    Attributes:
        title: what was measured, as a heading.
        method: how, in a sentence or two.
        columns: the columns of the table, in order.
        rows: the figures in the columns' order; times in seconds, shares as fractions of 1.
        notes: sentences about this machine's data that the figures depend on.
    """

    title: str
    method: str
    columns: Sequence[ResultColumn]
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    def cells(self) -> list[list[str]]:
        """Return the headings and then every row, as text."""
        forms = [column.form for column in self.columns]
        rows = [[write(*cell) for cell in zip(row, forms, strict=True)] for row in self.rows]
        return [[column.heading for column in self.columns], *rows]

    def records(self) -> list[dict[str, Value]]:
        """Return every row by the columns' keys."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row, strict=True)) for row in self.rows]

    def as_mapping(self) -> dict[str, Any]:
        """Return plain values for JSON; a spread becomes `{"median", "min", "max"}`."""
        return {
            "title": self.title,
            "method": self.method,
            "rows": [{k: _plain(v) for k, v in record.items()} for record in self.records()],
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
        parts = (value.median, value.low, value.high)
        middle, low, high = (_digits(part * scale, form) for part in parts)
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
