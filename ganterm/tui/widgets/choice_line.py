"""One line of names of which one is chosen; a click chooses another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget


class ChoiceLine(Widget, can_focus=False):
    """Names side by side; where they do not all fit, those around the chosen one are shown.

    The chosen name stands between signs as well as in a colour. `aside` stands at the right as far
    as there is room.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "choice-line--chosen",
        "choice-line--other",
        "choice-line--aside",
    }
    DEFAULT_CSS = """
    ChoiceLine {
        height: 1;
        background: $surface;
        & > .choice-line--chosen { color: $accent; background: $surface; text-style: bold; }
        & > .choice-line--other { color: $text-muted; background: $surface; }
        & > .choice-line--aside { color: $text; background: $surface; }
    }
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

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        chosen, other, aside = (
            self.get_component_rich_style(f"choice-line--{part}")
            for part in ("chosen", "other", "aside")
        )
        first, after = _fitting(self._names, self._chosen, width)
        segments = [Segment("…" if first else " ", other)]
        at, self._places = 1, []
        for index in range(first, after):
            name = self._names[index]
            text = f"▸{name} " if index == self._chosen else f" {name} "
            segments.append(Segment(text, chosen if index == self._chosen else other))
            self._places.append((at, at + cell_len(text), index))
            at += cell_len(text)
        if after < len(self._names):
            segments.append(Segment("…", other))
            at += 1
        room = width - at - 2
        if self._aside and room > 4:
            text = self._aside
            text = text if cell_len(text) <= room else f"{text[: room - 1]}…"
            segments.append(Segment(" " * (width - at - cell_len(text) - 1), other))
            segments.append(Segment(text, aside))
        return Strip(segments).adjust_cell_length(width, other)

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
