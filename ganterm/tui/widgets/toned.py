"""Lines that are painted where they change, and words in tones of the theme's colours.

Tones are no component classes: for each of those, Textual goes through the style sheet for every
widget that has it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ganterm.tui import themes
from ganterm.tui.lines import Line


def tone_style(widget: Widget, tone: str) -> Style:
    """Return how a tone, `chosen` or `blurred` is painted in a widget."""
    return widget.rich_style + _styles(widget.app.theme)[tone]


@lru_cache
def _styles(theme: str) -> dict[str, Style]:
    p = themes.BY_NAME[theme]
    return {
        "heading": Style(color=p.muted, bgcolor=p.surface),
        "heading-focused": Style(color=p.accent, bgcolor=p.surface),
        "sorted": Style(color=p.muted, bgcolor=p.surface, bold=True),
        "text": Style(color=p.text),
        "strong": Style(color=p.text, bold=True),
        "muted": Style(color=p.muted),
        "accent": Style(color=p.accent, bold=True),
        "button": Style(color=p.accent),
        "good": Style(color=p.good),
        "warn": Style(color=p.warn),
        "bad": Style(color=p.bad),
        "alarm": Style(color=p.bad, bold=True),
        "line": Style(color=p.line),
        "bar": Style(color=p.series[0]),
        "real": Style(color=p.series[1], bold=True),
        "chosen": Style(color=p.cursor_text, bgcolor=p.cursor, bold=True),
        "blurred": Style(color=p.text, bgcolor=p.panel),
        **{
            f"run-{index}": Style(color=colour, bgcolor=p.surface)
            for index, colour in enumerate(p.series)
        },
    }


class PaintedLines(Widget):
    """Paints only those of its lines that show something else than what stands there."""

    def __init__(self, *children: Widget, **options: Any) -> None:
        super().__init__(*children, **options)
        self._painted: dict[int, tuple[Any, Strip]] = {}

    def line(self, y: int) -> Any:
        """Return what a line shows; lines that are equal look alike."""
        raise NotImplementedError

    def paint(self, line: Any) -> Strip:
        """Return what it looks like."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Paint the lines that changed."""
        for y in range(self.size.height):
            if y not in self._painted or self._painted[y][0] != self.line(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        line = self.line(y)
        if y not in self._painted or self._painted[y][0] != line:
            self._painted[y] = line, self.paint(line)
        return self._painted[y][1]

    def on_resize(self) -> None:
        self._painted.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painted.clear()
        self.refresh()


class TonedLine(PaintedLines, can_focus=False):
    """A line of words in tones, or a few."""

    DEFAULT_CSS = """
    TonedLine { height: 1; }
    """

    def line(self, y: int) -> Line:
        raise NotImplementedError

    def paint(self, line: Line) -> Strip:
        segments = [Segment(each.text, tone_style(self, each.tone)) for each in line]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)
