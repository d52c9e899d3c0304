"""Places to go back to: those that are kept with the run, and those that were seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from ganterm.tui.widgets.row_lines import RowLines


class PlaceRow(NamedTuple):
    """One line, of safe text; a heading cannot be chosen. `here` marks where one is."""

    text: str
    aside: str = ""
    heading: bool = False
    here: bool = False


class PlaceList(RowLines[PlaceRow]):
    """Lines of which one is chosen, unless there are headings alone."""

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
        self.repaint()

    def move(self, by: int) -> None:
        """Choose a line further down, or up."""
        self.choose(self.at + by, by)

    def on_click(self, event: events.Click) -> None:
        """Choose a line; two clicks open it."""
        at = self.row_at(event.y)
        if at is not None and not self._rows[at].heading:
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

    def is_chosen(self, index: int) -> bool:
        """Tell whether the line at `index` is chosen; a heading never is."""
        return super().is_chosen(index) and not self._rows[index].heading

    def scrolled(self, top: int, height: int) -> int:
        """Return the top line; the first heading is seen with the line below it."""
        top = super().scrolled(top, height)
        if top == 1:
            return 0 if self.at < height else 1
        return top

    def draw_row(self, row: PlaceRow, ground: str) -> Strip:
        """Draw one line."""
        width = self.size.width
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


def _shortened(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)) + "…"
