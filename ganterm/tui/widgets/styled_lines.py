"""Lines in tones that are laid out for the width there is, and scroll where they are too many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import getters
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ganterm.render.colour import Charset
from ganterm.tui.base import AppBase
from ganterm.tui.watch.lines import LINE_TONES, Line

Layout = Callable[[int, Charset], Sequence[Line]]
"""Makes the lines for a width in cells."""


class StyledLines(ScrollView, can_focus=True):
    """Shows the lines that a `Layout` makes; a heading among them stays where it is in the text."""

    app = getters.app(AppBase)

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lines--{tone}" for tone in LINE_TONES}
    DEFAULT_CSS = """
    StyledLines {
        background: $background;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        /* The lines are laid out before it is known whether they are too many. */
        scrollbar-gutter: stable;
        & > .lines--heading { color: $text-muted; background: $surface; }
        & > .lines--text { color: $text; }
        & > .lines--strong { color: $text; text-style: bold; }
        & > .lines--muted { color: $text-muted; }
        & > .lines--accent { color: $accent; text-style: bold; }
        & > .lines--good { color: $text-success; }
        & > .lines--warn { color: $text-warning; }
        & > .lines--bad { color: $text-error; }
        & > .lines--bar { color: $series-0; }
        & > .lines--real { color: $series-1; text-style: bold; }
        &:focus > .lines--heading { color: $accent; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._make: Layout = lambda _width, _charset: ()
        self._made: list[Line] = []

    @property
    def lines(self) -> list[Line]:
        """What it shows."""
        return self._made

    def show(self, make: Layout) -> None:
        """Show other lines, or the same as they stand now; the same ones are not painted again."""
        self._make = make
        self._lay_out()

    def on_resize(self) -> None:
        """Lay the lines out anew."""
        self._lay_out()

    def notify_style_update(self) -> None:
        """Paint in another theme's colours."""
        super().notify_style_update()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        at = y + self.scroll_offset.y
        width, ground = self.size.width, self.rich_style
        line = self._made[at] if at < len(self._made) else ()
        styles = [self.get_component_rich_style(f"lines--{each.tone}") for each in line]
        segments = [Segment(each.text, style) for each, style in zip(line, styles, strict=True)]
        rest = styles[-1] if line and line[-1].tone == "heading" else ground
        return Strip(segments).adjust_cell_length(width, rest)

    def _lay_out(self) -> None:
        width = self.size.width
        if not width:
            return
        charset = self.app.options.canvas.charset
        made = list(self._make(width, charset))
        if made != self._made:
            self._made = made
            self.virtual_size = Size(width, len(made))
            self.refresh()
