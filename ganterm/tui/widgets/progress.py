"""How far a run is, and its quantities at a glance: a bar with numbers, sparklines."""

from __future__ import annotations

import math
import time
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from ganterm.client.feed import RunFeed
from ganterm.client.wording import STATES
from ganterm.core.quantities import QUANTITIES
from ganterm.render import words
from ganterm.render.chart import Source
from ganterm.render.colour import Charset
from ganterm.render.curve import bar, sparkline
from ganterm.render.text import safe_text
from ganterm.tui.lines import Line, Piece
from ganterm.tui.widgets.toned import TonedLine

_SHARE = 0.3
_LEAST_BAR, _MOST_BAR = 10, 60
_GAP = "  "


class ProgressLine(Widget, can_focus=False):
    """One line; what has no room on a narrow screen goes from the right."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "progress-line--done",
        "progress-line--text",
        *(f"progress-line--{tone}" for tone in ("good", "warn", "bad", "muted")),
    }
    DEFAULT_CSS = """
    ProgressLine {
        height: 1;
        & > .progress-line--done { color: $text-accent; background: $panel; }
        & > .progress-line--text { color: $text; }
        & > .progress-line--muted { color: $text-muted; background: $panel; }
        & > .progress-line--good { color: $text-success; background: $panel; }
        & > .progress-line--warn { color: $text-warning; background: $panel; }
        & > .progress-line--bad { color: $text-error; background: $panel; }
    }
    """

    def __init__(self, *, charset: Charset) -> None:
        super().__init__()
        self._charset = charset
        self._fraction = 0.0
        self._tone = "muted"
        self._parts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return _GAP.join(self._parts)

    def show(self, feed: RunFeed | None) -> None:
        """Show how far a run is; an unchanged line is not painted again."""
        fraction = min(feed.step / feed.steps, 1.0) if feed and feed.steps else 0.0
        tone = STATES[feed.view.state][1] if feed else "muted"
        parts = tuple(part for part in parts_of(feed, time.time()) if part) if feed else ()
        shown = (fraction, tone, parts)
        if shown != (self._fraction, self._tone, self._parts):
            self._fraction, self._tone, self._parts = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        text = self.get_component_rich_style("progress-line--text")
        names = {"good", "warn", "bad", "muted"}
        done = self.get_component_rich_style(
            f"progress-line--{self._tone if self._tone in names else 'done'}"
        )
        wide = min(max(int(width * _SHARE), _LEAST_BAR), _MOST_BAR)
        segments = [
            Segment(" ", self.rich_style),
            Segment(bar(self._fraction, wide, charset=self._charset), done),
        ]
        room = width - wide - 1
        for part in self._parts:
            if cell_len(part) + len(_GAP) > room:
                break
            segments.append(Segment(_GAP + part, text))
            room -= cell_len(part) + len(_GAP)
        return Strip(segments).adjust_cell_length(width, self.rich_style)


def parts_of(feed: RunFeed, now: float) -> list[str]:
    """Return what is said beside the bar, the weightiest first; empty where it is not known."""
    status = feed.view.status
    epoch = feed.latest("epoch")
    of_epochs = f" of {feed.epochs}" if feed.epochs else ""
    memory = status.memory_bytes if status and feed.view.alive else None
    began = status.started if status and feed.view.alive else 0.0
    newest = feed.checkpoints[-1].step if feed.checkpoints else None
    return [
        f"{100 * min(feed.step / feed.steps, 1.0):.1f} %" if feed.steps else "",
        f"epoch {epoch:.1f}{of_epochs}" if epoch is not None else "",
        f"memory {words.size(memory)}" if memory else "",
        f"checkpoint at {newest:,}" if newest is not None else "",
        f"{words.duration(now - began)} so far" if began and now > began else "",
        safe_text(f"on {feed.host}") if feed.host and feed.view.alive is None else "",
    ]


_NAME, _VALUE, _LEAST_SPARK, _MOST_SPARK, _APART = 9, 6, 6, 24, 2


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
        return "\n".join("  ".join(" ".join(spark) for spark in row) for row in self._rows)

    def show(self, feed: RunFeed | None) -> None:
        self._feed = feed
        self._rows = self._arranged()
        self.repaint()

    def on_resize(self) -> None:
        self._rows = self._arranged()

    def line(self, y: int) -> Line:
        pieces = [Piece(" ")]
        for spark in self._rows[y] if y < len(self._rows) else ():
            course = spark.line + " " * (self._wide - cell_len(spark.line) + _APART)
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
        fixed = _NAME + _VALUE + 2 + _APART
        abreast = max(min((width + _APART) // (fixed + _LEAST_SPARK), -(-len(known) // rows)), 1)
        self._wide = max(min((width + _APART) // abreast - fixed, _MOST_SPARK), 0)
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
