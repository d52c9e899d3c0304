"""The quantities of a run at a glance: name, newest value and a sparkline each."""

from __future__ import annotations

import math
from typing import NamedTuple

from rich.cells import cell_len
from textual.geometry import Region

from ganterm.client.feed import RunFeed
from ganterm.core.quantities import QUANTITIES
from ganterm.render.chart import Source
from ganterm.render.colour import Charset
from ganterm.render.curve import sparkline
from ganterm.tui.lines import Line, Piece
from ganterm.tui.widgets.toned import TonedLine

_NAME, _VALUE, _LEAST_SPARK, _MOST_SPARK, _GAP = 9, 6, 6, 24, 2


class Spark(NamedTuple):
    """One quantity: `line` is its course, the newest at the right."""

    name: str
    value: str
    line: str


class Sparks(TonedLine):
    """As many quantities as fit, side by side and in rows."""

    def __init__(self, *, charset: Charset) -> None:
        super().__init__()
        self._charset = charset
        self._feed: RunFeed | None = None
        self._rows: list[list[Spark]] = []
        self._wide = _LEAST_SPARK

    @property
    def text(self) -> str:
        """Everything that is shown."""
        return "\n".join("  ".join(" ".join(spark) for spark in row) for row in self._rows)

    def show(self, feed: RunFeed | None) -> None:
        """Show a run as it stands; only rows that changed are painted."""
        self._feed = feed
        rows = self._arranged()
        for y in range(max(len(rows), len(self._rows))):
            if rows[y : y + 1] != self._rows[y : y + 1]:
                self.refresh(Region(0, y, self.size.width, 1))
        self._rows = rows

    def on_resize(self) -> None:
        self._rows = self._arranged()
        self.refresh()

    def line(self, y: int) -> Line:
        pieces = [Piece(" ")]
        for spark in self._rows[y] if y < len(self._rows) else ():
            course = spark.line + " " * (self._wide - cell_len(spark.line) + _GAP)
            pieces += [
                Piece(f"{spark.name:<{_NAME}} ", "muted"),
                Piece(f"{spark.value:<{_VALUE}} ", "strong"),
                Piece(course, "button"),
            ]
        return tuple(pieces)

    def _arranged(self) -> list[list[Spark]]:
        feed, width, rows = self._feed, self.size.width - 1, self.size.height
        if feed is None or width <= 0 or rows <= 0:
            return []
        known = [each for each in QUANTITIES.values() if each.alone and each.name in feed.series]
        fixed = _NAME + _VALUE + 2 + _GAP
        abreast = max(min((width + _GAP) // (fixed + _LEAST_SPARK), -(-len(known) // rows)), 1)
        self._wide = max(min((width + _GAP) // abreast - fixed, _MOST_SPARK), 0)
        shown = [
            Spark(each.short, _figure(series.latest), self._course(series))
            for each in known[: abreast * rows]
            for series in (feed.series[each.name],)
        ]
        return [shown[at : at + abreast] for at in range(0, len(shown), abreast)]

    def _course(self, series: Source) -> str:
        return sparkline(course(series, self._wide), self._wide, charset=self._charset)


def course(source: Source, columns: int) -> list[float]:
    """Return at most `columns` means of a quantity over its steps, NaN where it was not finite."""
    extent = source.extent
    if extent is None or columns < 1:
        return []
    bins = source.window(*extent, min(columns, len(source)))
    return [each.mean for each in bins if each is not None]


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    if not math.isfinite(value):
        return "nan"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if value else "0"
