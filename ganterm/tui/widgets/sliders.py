"""Sliders for directions of the latent space, a line each: by keys, by dragging, by the wheel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

_NAME: Final = 6
_VALUE: Final = 7
_LEAST_BAR: Final = 9


class SliderRow(NamedTuple):
    """What one line shows: `value` from -1 to 1 is where the knob is, None is nowhere yet."""

    name: str
    value: float | None
    words: str
    moved: bool = False


class Sliders(Widget, can_focus=True):
    """As many sliders as there is room for, those around the chosen one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"sliders--{part}"
        for part in ("name", "track", "knob", "value", "moved", "chosen", "blurred")
    }
    DEFAULT_CSS = """
    Sliders {
        height: 1fr;
        & > .sliders--name { color: $text-muted; }
        & > .sliders--track { color: $line; }
        & > .sliders--knob { color: $accent; text-style: bold; }
        & > .sliders--value { color: $text-muted; }
        & > .sliders--moved { color: $text; text-style: bold; }
        & > .sliders--chosen { color: $cursor-text; background: $cursor; text-style: bold; }
        & > .sliders--blurred { color: $text; background: $panel; }
    }
    """

    @dataclass
    class Moved(Message):
        """A slider was put somewhere by the mouse: which one, and where, -1 to 1."""

        sliders: Sliders
        index: int
        value: float

        @property
        def control(self) -> Sliders:
            """The widget it is in."""
            return self.sliders

    @dataclass
    class Turned(Message):
        """The wheel was turned over a slider, by -1 or 1; 0 where its name was clicked."""

        sliders: Sliders
        index: int
        by: int

        @property
        def control(self) -> Sliders:
            """The widget it is in."""
            return self.sliders

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._rows: Sequence[SliderRow] = ()
        self._chosen = 0
        self._top = 0
        self._dragged: int | None = None
        self._painted: dict[int, tuple[SliderRow | None, str]] = {}

    @property
    def rows(self) -> Sequence[SliderRow]:
        """What the lines show."""
        return self._rows

    def show(self, rows: Sequence[SliderRow], chosen: int) -> None:
        """Show sliders as they stand; only lines that changed are painted."""
        self._rows, self._chosen = rows, chosen
        self._repaint()

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

    # By the mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a slider."""
        at = event.y + self._top
        if 0 <= at < len(self._rows):
            self._dragged = at
            self.capture_mouse()
            self._drag(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the one that is held."""
        if self._dragged is not None:
            self._drag(event)

    def on_mouse_up(self) -> None:
        """Let go."""
        if self._dragged is not None:
            self._dragged = None
            self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move it a little to the right."""
        self._turn(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move it a little to the left."""
        self._turn(event, -1)

    def _turn(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        at = event.y + self._top
        if 0 <= at < len(self._rows):
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

    def render_line(self, y: int) -> Strip:
        """Draw one slider."""
        row, ground = self._painted[y] = self._line(y)
        width = self.size.width
        if row is None:
            return Strip.blank(width, self.rich_style)
        on = self.get_component_rich_style(f"sliders--{ground}") if ground else None
        name, track, knob, value = (
            on or self.get_component_rich_style(f"sliders--{part}")
            for part in ("name", "track", "knob", "moved" if row.moved else "value")
        )
        sign = "▸ " if ground else "  "
        segments = [Segment(f"{sign}{row.name:>{_NAME - 1}} ", name)]
        left, mark, right = track_of(row.value, self._bar)
        segments += [Segment(left, track), Segment(mark, knob), Segment(right, track)]
        segments.append(Segment(f" {row.words:>{_VALUE - 1}}{'*' if row.moved else ' '}", value))
        return Strip(segments).adjust_cell_length(width, on or self.rich_style)

    def _line(self, y: int) -> tuple[SliderRow | None, str]:
        at = y + self._top
        if at >= len(self._rows):
            return None, ""
        ground = ("chosen" if self.has_focus else "blurred") if at == self._chosen else ""
        return self._rows[at], ground

    def _repaint(self) -> None:
        height = max(self.size.height, 1)
        self._top = min(max(self._top, self._chosen - height + 1), self._chosen)
        self._top = min(self._top, max(len(self._rows) - height, 0))
        for y in range(height):
            if self._painted.get(y) != self._line(y):
                self.refresh(Region(0, y, self.size.width, 1))


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
