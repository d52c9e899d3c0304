"""Lines that are painted where they change, and words in tones of the theme's colours.

Tones are no component classes: for each of those, Textual goes through the style sheet for every
widget that has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ganterm.render.text import safe_text
from ganterm.tui import themes
from ganterm.tui.lines import Line, LineTone, Piece, shortened


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
        **{f"line-{index}": Style(color=colour) for index, colour in enumerate(p.series)},
        **{f"band-{index}": Style(color=colour) for index, colour in enumerate(p.bands)},
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


Tone = Literal["title", "text", "muted", "good", "warn", "bad"]


@dataclass(frozen=True)
class LinePart:
    """A piece of the line.

    Attributes:
        text: foreign text is fine.
        tone: how it is painted; the words must say the same.
        keep: how dearly it is kept where the line is too narrow; the lowest goes first.
    """

    text: str
    tone: Tone = "text"
    keep: int = 0


_TONES: Final[dict[Tone, LineTone]] = {
    "title": "accent",
    "text": "text",
    "muted": "muted",
    "good": "good",
    "warn": "warn",
    "bad": "alarm",
}


class PartLine(TonedLine):
    """One line of parts; those that are kept least dearly leave a narrow one."""

    DEFAULT_CSS = """
    PartLine { background: $surface; }
    """

    def __init__(self, parts: Sequence[LinePart] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._parts = tuple(parts)

    @property
    def text(self) -> str:
        return "  ".join(safe_text(part.text) for part in self._parts)

    def show(self, *parts: LinePart) -> None:
        self._parts = tuple(part for part in parts if part.text)
        self.repaint()

    def line(self, y: int) -> Line:
        room, pieces = self.size.width - 1, [Piece(" ")]
        for part in _fitting_parts(self._parts, room):
            text = shortened(safe_text(part.text), room)
            pieces += [Piece(text, _TONES[part.tone]), Piece("  ")]
            room -= cell_len(text) + 2
        return tuple(pieces)


def _fitting_parts(parts: Sequence[LinePart], width: int) -> list[LinePart]:
    kept = list(parts)
    while len(kept) > 1 and sum(cell_len(part.text) + 2 for part in kept) - 2 > width:
        kept.remove(min(reversed(kept), key=lambda part: part.keep))
    return kept


class Header(PartLine):
    """One line of parts; those that are kept least dearly leave a narrow screen."""

    DEFAULT_CSS = """
    Header {
        dock: top;
        background: $panel;
    }
    """


class ChoiceLine(TonedLine):
    """Names side by side; where they do not all fit, those around the chosen one are shown.

    The chosen name stands between signs as well as in a colour. `aside` stands at the right as far
    as there is room.
    """

    DEFAULT_CSS = """
    ChoiceLine { background: $surface; }
    """

    @dataclass
    class Chosen(Message):
        """A name was clicked."""

        line: ChoiceLine
        index: int

        @property
        def control(self) -> ChoiceLine:
            return self.line

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._names: tuple[str, ...] = ()
        self._chosen = 0
        self._aside = ""
        self._places: list[tuple[int, int, int]] = []

    @property
    def chosen(self) -> str:
        """The name that is chosen; empty where there is none."""
        return self._names[self._chosen] if self._names else ""

    @property
    def aside(self) -> str:
        return self._aside

    def show(self, names: Sequence[str], chosen: int, aside: str = "") -> None:
        """Show other names, which hold nothing foreign."""
        self._names, self._chosen, self._aside = tuple(names), chosen, aside
        self.repaint()

    def line(self, y: int) -> Line:
        width = self.size.width
        first, after = _fitting_names(self._names, self._chosen, width)
        pieces = [Piece("…" if first else " ", "muted")]
        at, self._places = 1, []
        for index in range(first, after):
            chosen = index == self._chosen
            text = f"{'▸' if chosen else ' '}{self._names[index]} "
            pieces.append(Piece(text, "accent" if chosen else "muted"))
            self._places.append((at, at + cell_len(text), index))
            at += cell_len(text)
        if after < len(self._names):
            pieces.append(Piece("…", "muted"))
            at += 1
        room = width - at - 2
        if self._aside and room > 4:
            text = shortened(self._aside, room)
            pieces += [Piece(" " * (width - at - cell_len(text) - 1)), Piece(text)]
        return tuple(pieces)

    def on_click(self, event: events.Click) -> None:
        for begin, end, index in self._places:
            if begin <= event.x < end:
                event.stop()
                self.post_message(self.Chosen(self, index))


def _fitting_names(names: Sequence[str], chosen: int, width: int) -> tuple[int, int]:
    """Return the range of names that fit, `chosen` among them."""
    first, after = 0, len(names)
    while after - first > 1 and sum(cell_len(n) + 2 for n in names[first:after]) + 2 > width:
        if after - 1 > chosen:
            after -= 1
        else:
            first += 1
    return first, after
