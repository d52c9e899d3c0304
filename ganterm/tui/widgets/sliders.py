"""Sliders for directions of the latent space, a line each: by keys, by dragging, by the wheel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from textual import events
from textual.message import Message

from ganterm.tui.explore.exploration import SPAN, Exploration
from ganterm.tui.lines import Line, Piece
from ganterm.tui.widgets.row_list import RowList

_NAME: Final = 6
_VALUE: Final = 7
_LEAST_BAR: Final = 9


class SliderRow(NamedTuple):
    """What one line shows: `value` from -1 to 1 is where the knob is, None is nowhere yet."""

    name: str
    value: float | None
    words: str
    moved: bool = False


class Sliders(RowList):
    """As many sliders as there is room for, those around the chosen one."""

    DEFAULT_CSS = """
    Sliders { height: 1fr; }
    """

    @dataclass
    class Moved(Message):
        """A slider was put somewhere by the mouse: which one, and where, -1 to 1."""

        sliders: Sliders
        index: int
        value: float

        @property
        def control(self) -> Sliders:
            return self.sliders

    @dataclass
    class Turned(Message):
        """The wheel was turned over a slider, by -1 or 1; 0 where its name was clicked."""

        sliders: Sliders
        index: int
        by: int

        @property
        def control(self) -> Sliders:
            return self.sliders

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._rows: Sequence[SliderRow] = ()
        self._dragged: int | None = None

    def show(self, rows: Sequence[SliderRow], chosen: int) -> None:
        self._rows, self.at = rows, chosen
        self.show_rows(len(rows))

    # By the mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        at = self.row_at(event.y)
        if at is not None:
            self._dragged = at
            self.capture_mouse()
            self._drag(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragged is not None:
            self._drag(event)

    def on_mouse_up(self) -> None:
        if self._dragged is not None:
            self._dragged = None
            self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._turn(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._turn(event, -1)

    def _turn(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        at = self.row_at(event.y)
        if at is not None:
            self.post_message(self.Turned(self, at, by))

    def _drag(self, event: events.MouseEvent) -> None:
        event.stop()
        if self._dragged is None:
            return
        begin, bar = 2 + _NAME, self._bar
        # A click beside the bar only chooses.
        value = (event.x - begin) / (bar - 1) * 2 - 1
        if begin <= event.x < begin + bar or isinstance(event, events.MouseMove):
            self.post_message(self.Moved(self, self._dragged, min(max(value, -1.0), 1.0)))
        else:
            self.post_message(self.Turned(self, self._dragged, 0))

    # What it looks like

    @property
    def _bar(self) -> int:
        """Cells of a bar: an odd number, so that it has a middle."""
        room = self.size.width - 2 - _NAME - _VALUE - 1
        return max(room - (room + 1) % 2, _LEAST_BAR)

    def row(self, index: int, chosen: bool) -> Line:
        row, sign = self._rows[index], "▸ " if chosen else "  "
        left, knob, right = track_of(row.value, self._bar)
        told = f" {row.words:>{_VALUE - 1}}{'*' if row.moved else ' '}"
        return (
            Piece(f"{sign}{row.name:>{_NAME - 1}} ", "muted"),
            *(Piece(left, "line"), Piece(knob, "accent"), Piece(right, "line")),
            Piece(told, "strong" if row.moved else "muted"),
        )


def rows_of(exploration: Exploration) -> list[SliderRow]:
    """Return a slider for each direction of what is explored."""
    return [
        SliderRow(
            direction.number,
            None if value is None else value / SPAN,
            "" if value is None else f"{value:+.2f}",
            moved=exploration.place.at(direction.key) is not None,
        )
        for direction in exploration.directions
        for value in (exploration.value(direction),)
    ]


def track_of(value: float | None, width: int) -> tuple[str, str, str]:
    """Return a bar of `width` cells with its middle marked: before the knob, the knob, after it.

    A knob beyond an end is an arrow there; without a value there is none.
    """
    middle = width // 2
    track = "─" * middle + "┼" + "─" * (width - middle - 1)
    if value is None:
        return track, "", ""
    at = min(max(round((value + 1) / 2 * (width - 1)), 0), width - 1)
    knob = "◂" if value < -1.0005 else "▸" if value > 1.0005 else "●"
    return track[:at], knob, track[at + 1 :]
