"""One line of names of which one is chosen; a click chooses another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.message import Message

from ganterm.tui.lines import Line, Piece, shortened
from ganterm.tui.widgets.toned import TonedLine


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
            """The line it was in."""
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
        """What stands at the right."""
        return self._aside

    def show(self, names: Sequence[str], chosen: int, aside: str = "") -> None:
        """Show other names; an unchanged line is not painted again. They hold nothing foreign."""
        shown = (tuple(names), chosen, aside)
        if shown != (self._names, self._chosen, self._aside):
            self._names, self._chosen, self._aside = shown
            self.refresh()

    def line(self, y: int) -> Line:
        width = self.size.width
        first, after = _fitting(self._names, self._chosen, width)
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


def _fitting(names: Sequence[str], chosen: int, width: int) -> tuple[int, int]:
    """Return the range of names that fit, `chosen` among them."""
    first, after = 0, len(names)
    while after - first > 1 and sum(cell_len(n) + 2 for n in names[first:after]) + 2 > width:
        if after - 1 > chosen:
            after -= 1
        else:
            first += 1
    return first, after
