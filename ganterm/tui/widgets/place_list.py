"""Places to go back to: those that are kept with the run, and those that were seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget


class PlaceRow(NamedTuple):
    """One line, of safe text; a heading cannot be chosen. `here` marks where one is."""

    text: str
    aside: str = ""
    heading: bool = False
    here: bool = False


class PlaceList(Widget, can_focus=True):
    """Lines of which one is chosen, those around it in view.

    Attributes:
        at: the line that is chosen.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"places--{part}" for part in ("heading", "text", "aside", "chosen", "blurred")
    }
    DEFAULT_CSS = """
    PlaceList {
        height: 1fr;
        & > .places--heading { color: $text-muted; background: $surface; }
        & > .places--text { color: $text; }
        & > .places--aside { color: $text-muted; }
        & > .places--chosen { color: $cursor-text; background: $cursor; text-style: bold; }
        & > .places--blurred { color: $text; background: $panel; }
    }
    """

    @dataclass
    class Opened(Message):
        """A line was clicked twice."""

        index: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.at = 0
        self._rows: Sequence[PlaceRow] = ()
        self._top = 0
        self._painted: dict[int, tuple[PlaceRow | None, str]] = {}

    @property
    def rows(self) -> Sequence[PlaceRow]:
        """What it shows."""
        return self._rows

    def show(self, rows: Sequence[PlaceRow]) -> None:
        """Show other lines; only those that changed are painted."""
        self._rows = rows
        self.choose(self.at)

    def choose(self, at: int, by: int = 1) -> None:
        """Choose a line, or where that is a heading the nearest after it in the direction `by`."""
        lines = [index for index, row in enumerate(self._rows) if not row.heading]
        if lines:
            after = [index for index in lines if index >= at]
            before = [index for index in lines if index <= at]
            self.at = (after or lines[-1:])[0] if by >= 0 else (before or lines[:1])[-1]
        else:
            self.at = 0
        self._repaint()

    def move(self, by: int) -> None:
        """Choose a line further down, or up."""
        self.choose(self.at + by, by)

    def on_click(self, event: events.Click) -> None:
        """Choose a line; two clicks open it."""
        at = event.y + self._top
        if at < len(self._rows) and not self._rows[at].heading:
            self.choose(at)
            if event.chain == 2:
                self.post_message(self.Opened(at))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go up."""
        event.stop()
        self.move(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go down."""
        event.stop()
        self.move(1)

    def on_focus(self) -> None:
        """Show the chosen line as such."""
        self._repaint()

    def on_blur(self) -> None:
        """Show the chosen line faintly."""
        self._repaint()

    def on_resize(self) -> None:
        """Keep the chosen line in view."""
        self._painted.clear()
        self._repaint()
        self.refresh()

    def notify_style_update(self) -> None:
        """Paint in another theme's colours."""
        super().notify_style_update()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        row, ground = self._painted[y] = self._line(y)
        width = self.size.width
        if row is None:
            return Strip.blank(width, self.rich_style)
        style = self.get_component_rich_style(
            f"places--{ground or ('heading' if row.heading else 'text')}"
        )
        aside = style if ground else self.get_component_rich_style("places--aside")
        sign = "" if row.heading else "▸ " if ground else "● " if row.here else "  "
        room = width - cell_len(sign) - 1
        text = _shortened(row.text, room)
        segments = [Segment(f" {sign}{text}", style)]
        if row.aside and (left := room - cell_len(text) - 2) > 3:
            segments.append(Segment(f"  {_shortened(row.aside, left)}", aside))
        rest = style if ground or row.heading else self.rich_style
        return Strip(segments).adjust_cell_length(width, rest)

    def _line(self, y: int) -> tuple[PlaceRow | None, str]:
        at = y + self._top
        if at >= len(self._rows):
            return None, ""
        row = self._rows[at]
        chosen = at == self.at and not row.heading
        return row, ("chosen" if self.has_focus else "blurred") if chosen else ""

    def _repaint(self) -> None:
        height = max(self.size.height, 1)
        self._top = min(max(self._top, self.at - height + 1), self.at)
        if self._top == 1:
            # The first heading is seen with the line below it.
            self._top = 0 if self.at < height else 1
        self._top = min(self._top, max(len(self._rows) - height, 0))
        for y in range(height):
            if self._painted.get(y) != self._line(y):
                self.refresh(Region(0, y, self.size.width, 1))


def _shortened(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)) + "…"
