"""Rows of words in tones, of which one may be chosen and only those that changed are painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import getters
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ganterm.render.chart import STYLES
from ganterm.render.colour import Charset
from ganterm.tui.base import AppBase
from ganterm.tui.lines import Line
from ganterm.tui.widgets.toned import PaintedLines, tone_style

Layout = Callable[[int, Charset], Sequence[Line]]
"""Makes the lines for a width in cells."""

_HEADINGS = frozenset({"heading", "sorted", *(f"run-{index}" for index in range(STYLES))})
"""Tones whose ground goes on to the end of the line."""


class RowList(ScrollView, PaintedLines, can_focus=True, inherit_bindings=False):
    """Shows `count` rows as `row` has them, below the lines of a heading.

    Attributes:
        at: the row that is chosen, where rows are chosen at all.
        count: how many rows there are.
    """

    app = getters.app(AppBase)
    DEFAULT_CSS = """
    RowList {
        background: $background;
        overflow: hidden;
    }
    """
    CHOOSES: ClassVar[bool] = True
    """Whether one of the rows is chosen."""
    HEADING: ClassVar[int] = 0
    """Lines above the rows that stay: 1 for a heading."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.at = 0
        self.count = 0

    @property
    def is_lit(self) -> bool:
        """Whether headings tell that the keys are here."""
        return not self.CHOOSES and self.has_focus

    def row(self, index: int, chosen: bool) -> Line:
        raise NotImplementedError

    def heading(self) -> Line:
        raise NotImplementedError

    def can_choose(self, index: int) -> bool:
        """Tell whether the row at `index` may be the chosen one."""
        return self.CHOOSES

    def show_rows(self, count: int, width: int | None = None) -> None:
        """Show so many rows as they stand now, `width` cells wide if not as wide as the list."""
        self.count = count
        self.at = min(self.at, max(count - 1, 0))
        size = Size(width or self.size.width, count + self.HEADING)
        if size != self.virtual_size:
            self.virtual_size = size
        self.keep_in_view()
        self.repaint()

    def choose(self, at: int) -> None:
        self.at = min(max(at, 0), max(self.count - 1, 0))
        self.keep_in_view()
        self.repaint()

    def row_at(self, y: int) -> int | None:
        """Return the index of the row on a line of the widget; None beside the rows."""
        index = y - self.HEADING + self.scroll_offset.y
        return index if y >= self.HEADING and 0 <= index < self.count else None

    def top_for(self, top: int, height: int) -> int:
        """Return which row is to be the top one of `height`, where `top` was, to see what is."""
        return min(max(top, self.at - height + 1), self.at) if self.CHOOSES else top

    def keep_in_view(self) -> None:
        """Scroll to what is to be seen."""
        height, top = max(self.size.height - self.HEADING, 1), round(self.scroll_y)
        wanted = min(self.top_for(top, height), max(self.count - height, 0))
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, force=True, immediate=True)

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    def on_resize(self) -> None:
        self.keep_in_view()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_x(old_value, new_value)
        self._painted.clear()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.refresh()

    def line(self, y: int) -> tuple[Line, str]:
        """Return what a line shows, and what its tones give way to."""
        if y < self.HEADING:
            return self.heading(), "lit" if self.is_lit else ""
        index = self.row_at(y)
        if index is None:
            return (), ""
        if self.CHOOSES and index == self.at and self.can_choose(index):
            return self.row(index, True), "chosen" if self.has_focus else "blurred"
        return self.row(index, False), "lit" if self.is_lit else ""

    def paint(self, line: tuple[Line, str]) -> Strip:
        words, ground = line
        if ground in {"chosen", "blurred"}:
            tones = [ground] * len(words)
        else:
            lit = {"heading": "heading-focused"} if ground else {}
            tones = [lit.get(each.tone, each.tone) for each in words]
        styles = [tone_style(self, tone) for tone in tones]
        segments = [Segment(each.text, style) for each, style in zip(words, styles, strict=True)]
        goes_on = words and (tones[-1] == ground or words[-1].tone in _HEADINGS)
        rest = styles[-1] if goes_on else self.rich_style
        left, width = self.scroll_offset.x, self.size.width
        strip = Strip(segments).adjust_cell_length(max(left + width, self.virtual_size.width), rest)
        return strip.crop(left, left + width)


class StyledLines(RowList):
    """Shows the lines that a `Layout` makes, which scroll where they are too many."""

    BINDINGS = ScrollView.BINDINGS
    CHOOSES = False
    DEFAULT_CSS = """
    StyledLines {
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        /* The lines are laid out before it is known whether they are too many. */
        scrollbar-gutter: stable;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._make: Layout = lambda _width, _charset: ()
        self.lines: Sequence[Line] = ()

    def show(self, make: Layout) -> None:
        self._make = make
        self._lay_out()

    def row(self, index: int, chosen: bool) -> Line:
        return self.lines[index]

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        if self.size.width:
            self.lines = list(self._make(self.size.width, self.app.options.canvas.charset))
            self.show_rows(len(self.lines))
