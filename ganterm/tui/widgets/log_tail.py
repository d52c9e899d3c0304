"""What happened to a run and what its worker printed, the newest last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.binding import Binding

from ganterm.client.feed import RunFeed, run_of
from ganterm.render.text import safe_text
from ganterm.render.words import clock
from ganterm.runs.layout import RunDir
from ganterm.tui.lines import Line, LineTone, Piece, folded
from ganterm.tui.widgets.row_list import RowList

_EVENTS = 200
_BLANK = " " * 5
"""In place of the time, where a line has none."""
_HANG = 16
"""Cells of the time and the step, below which no words stand."""


class LogLine(NamedTuple):
    """A line and its tone; the text is safe. `hang` indents what of it goes into further rows."""

    text: str
    tone: LineTone
    hang: int = 2


class LogTail(RowList):
    """The newest lines that fit, in full; the keys go back to earlier ones."""

    BINDINGS: ClassVar = [
        Binding("up", "scroll_lines(-1)", "up", show=False),
        Binding("down", "scroll_lines(1)", "down", show=False),
        Binding("pageup", "scroll_lines(-10)", "page up", show=False),
        Binding("pagedown", "scroll_lines(10)", "page down", show=False),
    ]
    CHOOSES = False
    HEADING = 1

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.lines: Sequence[LogLine] = ()
        self._rows: list[Line] = []
        self._back = 0
        self._run: RunDir | None = None

    def show(self, feed: RunFeed | None, said: Sequence[tuple[int, str]] = ()) -> None:
        """Show a run's story; `said` is what else there is to say, as (step, sentence)."""
        if run_of(feed) != self._run:
            self._run, self._back = run_of(feed), 0
        self.lines = lines_of(feed, said) if feed else []
        self._fold()

    def on_resize(self) -> None:
        self._fold()

    def _fold(self) -> None:
        """Give every line as many rows as it takes."""
        width = max(self.size.width - 2, 1)
        self._rows = [
            (Piece(f" {row}", line.tone),)
            for line in self.lines
            for row in folded(line.text, width, line.hang)
        ]
        self._back = min(self._back, self._most_back)
        self.show_rows(len(self._rows))

    def action_scroll_lines(self, by: int) -> None:
        self._back = min(max(self._back - by, 0), self._most_back)
        self.show_rows(len(self._rows))

    def on_mouse_scroll_up(self) -> None:
        self.action_scroll_lines(-1)

    def on_mouse_scroll_down(self) -> None:
        self.action_scroll_lines(1)

    def top_for(self, top: int, height: int) -> int:
        return max(self._most_back - self._back, 0)

    def heading(self) -> Line:
        earlier = f" ({self._back} later below)" if self._back else ""
        return (Piece(f" log{earlier}", "heading"),)

    def row(self, index: int, chosen: bool) -> Line:
        return self._rows[index]

    @property
    def _most_back(self) -> int:
        return max(len(self._rows) - max(self.size.height - 1, 1), 0)


def lines_of(feed: RunFeed, said: Sequence[tuple[int, str]] = ()) -> list[LogLine]:
    """Return the story of a run in lines: what happened by steps, then the worker's own output."""
    told = [(step, LogLine(f"{_BLANK} {step:>8,}  {words}", "bad", _HANG)) for step, words in said]
    for entry in feed.entries[-_EVENTS:]:
        when, news = clock(entry.time)[:5], entry.notice
        line = LogLine(f"{when} {entry.step:>8,}  {news.words}", news.tone, _HANG)
        told.append((entry.step, line))
        if news.helps:
            line = LogLine(f"{' ' * _HANG}  {news.helps}", "muted", _HANG + 2)
            told.append((entry.step, line))
    if feed.end and (message := feed.end.message):
        tone: LineTone = "bad" if feed.end.reason == "failed" else "text"
        when, step = clock(feed.end.time)[:5], feed.end.step
        words = f"{when} {step:>8,}  {feed.end.reason}: {message}"
        told.append((step, LogLine(words, tone, _HANG)))
    told.sort(key=lambda each: each[0])
    lines = [line._replace(text=safe_text(line.text)) for _, line in told[-_EVENTS:]]
    if feed.log:
        lines.append(LogLine("the worker printed:", "muted"))
        lines += [LogLine(safe_text(line), "text") for line in feed.log]
    return lines
