"""What happened to a run and what its worker printed, the newest last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ganterm.render.text import safe_text
from ganterm.render.words import clock
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.watch.lines import folded

_EVENTS = 200
_BLANK = " " * 5
"""In place of the time, where a line has none."""
_HANG = 16
"""Cells of the time and the step, below which no words stand."""


class LogLine(NamedTuple):
    """A line and its tone; the text is safe. `hang` indents what of it goes into further rows."""

    text: str
    tone: str
    hang: int = 2


class LogTail(Widget, can_focus=True):
    """The newest lines that fit, in full; the keys go back to earlier ones."""

    BINDINGS: ClassVar = [
        Binding("up", "scroll_lines(-1)", "up", show=False),
        Binding("down", "scroll_lines(1)", "down", show=False),
        Binding("pageup", "scroll_lines(-10)", "page up", show=False),
        Binding("pagedown", "scroll_lines(10)", "page down", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-tail--heading",
        *(f"log-tail--{tone}" for tone in ("text", "muted", "good", "warn", "bad")),
    }
    DEFAULT_CSS = """
    LogTail {
        & > .log-tail--heading { color: $text-muted; background: $surface; }
        & > .log-tail--text { color: $text; }
        & > .log-tail--muted { color: $text-muted; }
        & > .log-tail--good { color: $text-success; }
        & > .log-tail--warn { color: $text-warning; }
        & > .log-tail--bad { color: $text-error; }
        &:focus > .log-tail--heading { color: $accent; text-style: bold; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._lines: list[LogLine] = []
        self._rows: list[LogLine] = []
        self._back = 0
        self._feed: RunFeed | None = None
        self._painted: dict[int, LogLine | None] = {}

    @property
    def lines(self) -> Sequence[LogLine]:
        """Every line there is."""
        return self._lines

    def show(self, feed: RunFeed | None, said: Sequence[tuple[int, str]] = ()) -> None:
        """Show a run's story; `said` is what else there is to say, as (step, sentence)."""
        if feed is not self._feed:
            self._feed, self._back = feed, 0
        self._lines = lines_of(feed, said) if feed else []
        self._fold()

    def on_resize(self) -> None:
        """Fold the lines anew."""
        self._fold()

    def _fold(self) -> None:
        """Give every line as many rows as it takes."""
        width = max(self.size.width - 2, 1)
        self._rows = [
            LogLine(row, line.tone)
            for line in self._lines
            for row in folded(line.text, width, line.hang)
        ]
        self._back = min(self._back, self._most_back)
        self._repaint()

    def action_scroll_lines(self, by: int) -> None:
        """Go to earlier lines, or later ones."""
        self._back = min(max(self._back - by, 0), self._most_back)
        self._repaint()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go to earlier lines."""
        self.action_scroll_lines(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go to later lines."""
        self.action_scroll_lines(1)

    def render_line(self, y: int) -> Strip:
        """Draw the heading or one line."""
        width = self.size.width
        if y == 0:
            earlier = f" ({self._back} later below)" if self._back else ""
            style = self.get_component_rich_style("log-tail--heading")
            return Strip([Segment(f" log{earlier}", style)]).adjust_cell_length(width, style)
        line = self._painted[y] = self._line(y)
        if line is None:
            return Strip.blank(width, self.rich_style)
        style = self.get_component_rich_style(f"log-tail--{line.tone}")
        return Strip([Segment(f" {line.text}", style)]).adjust_cell_length(width, style)

    @property
    def _most_back(self) -> int:
        return max(len(self._rows) - max(self.size.height - 1, 1), 0)

    def _line(self, y: int) -> LogLine | None:
        at = max(self._most_back - self._back, 0) + y - 1
        return self._rows[at] if at < len(self._rows) else None

    def _repaint(self) -> None:
        for y in range(1, self.size.height):
            if self._painted.get(y, LogLine("", "")) != self._line(y):
                self.refresh(Region(0, y, self.size.width, 1))
        if self._painted.get(0) != LogLine(str(self._back), ""):
            self._painted[0] = LogLine(str(self._back), "")
            self.refresh(Region(0, 0, self.size.width, 1))


def lines_of(feed: RunFeed, said: Sequence[tuple[int, str]] = ()) -> list[LogLine]:
    """Return the story of a run in lines: what happened by steps, then the worker's own output."""
    told = [(step, LogLine(f"{_BLANK} {step:>8,}  {words}", "bad", _HANG)) for step, words in said]
    for entry in feed.entries[-_EVENTS:]:
        when, news = clock(entry.time)[:5], entry.told
        line = LogLine(f"{when} {entry.step:>8,}  {news.words}", news.tone, _HANG)
        told.append((entry.step, line))
        if news.helps:
            line = LogLine(f"{' ' * _HANG}  {news.helps}", "muted", _HANG + 2)
            told.append((entry.step, line))
    if feed.end and (message := str(feed.end.get("message") or "")):
        tone = "bad" if feed.end.get("reason") == "failed" else "text"
        when, step = clock(feed.end["time"])[:5], feed.end["step"]
        words = f"{when} {step:>8,}  {feed.end.get('reason')}: {message}"
        told.append((step, LogLine(words, tone, _HANG)))
    told.sort(key=lambda each: each[0])
    lines = [line._replace(text=safe_text(line.text)) for _, line in told[-_EVENTS:]]
    if feed.log:
        lines.append(LogLine("the worker printed:", "muted"))
        lines += [LogLine(safe_text(line), "text") for line in feed.log]
    return lines
