"""Places to go back to: those that are kept with the run, and those that were seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.message import Message

from ganterm.tui.watch.lines import Line, Piece, shortened
from ganterm.tui.widgets.row_list import RowList


class PlaceRow(NamedTuple):
    """One line, of safe text; a heading cannot be chosen. `here` marks where one is."""

    text: str
    aside: str = ""
    heading: bool = False
    here: bool = False


class PlaceList(RowList):
    """Lines of which one is chosen, unless there are headings alone."""

    DEFAULT_CSS = """
    PlaceList { height: 1fr; }
    """

    @dataclass
    class Opened(Message):
        """A line was clicked twice."""

        index: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._rows: Sequence[PlaceRow] = ()

    def show(self, rows: Sequence[PlaceRow]) -> None:
        """Show other lines; only those that changed are painted."""
        self._rows = rows
        self.show_rows(len(rows))
        self.choose(self.at)

    def can_choose(self, index: int) -> bool:
        return not self._rows[index].heading

    def choose(self, at: int, by: int = 1) -> None:
        """Choose a line, or where that is a heading the nearest after it in the direction `by`."""
        lines = [index for index in range(len(self._rows)) if self.can_choose(index)]
        after = [index for index in lines if index >= at] or lines[-1:]
        before = [index for index in lines if index <= at] or lines[:1]
        super().choose((after[0] if by >= 0 else before[-1]) if lines else 0)

    def move(self, by: int) -> None:
        """Choose a line further down, or up."""
        self.choose(self.at + by, by)

    def on_click(self, event: events.Click) -> None:
        """Choose a line; two clicks open it."""
        at = self.row_at(event.y)
        if at is not None and self.can_choose(at):
            self.choose(at)
            if event.chain == 2:
                self.post_message(self.Opened(at))

    def on_mouse_scroll_up(self) -> None:
        self.move(-1)

    def on_mouse_scroll_down(self) -> None:
        self.move(1)

    def top_for(self, top: int, height: int) -> int:
        """Return the top line; the first heading is seen with the line below it."""
        top = super().top_for(top, height)
        return 0 if top == 1 and self.at < height else top

    def row(self, index: int, chosen: bool) -> Line:
        row, width = self._rows[index], self.size.width
        sign = "" if row.heading else "▸ " if chosen else "● " if row.here else "  "
        room = width - cell_len(sign) - 1
        text = shortened(row.text, room)
        pieces = [Piece(f" {sign}{text}", "heading" if row.heading else "text")]
        if row.aside and (left := room - cell_len(text) - 2) > 3:
            pieces.append(Piece(f"  {shortened(row.aside, left)}", "muted"))
        return tuple(pieces)
