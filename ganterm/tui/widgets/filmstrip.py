"""A slider over the samples of a run: where in its history one is, and the way elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

_PLAY: Final = "▶"
_HALT: Final = "■"
_BUTTON: Final = 2


class Filmstrip(Widget, can_focus=False):
    """One line: a button for the film, and a groove with a knob to click and to drag.

    Attributes:
        count: places that the knob can have.
        at: the one it has, from 0; -1 if there are none.
        playing: whether the film runs.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "filmstrip--button",
        "filmstrip--done",
        "filmstrip--knob",
        "filmstrip--rest",
    }
    DEFAULT_CSS = """
    Filmstrip {
        height: 1;
        & > .filmstrip--button { color: $accent; text-style: bold; }
        & > .filmstrip--done { color: $accent; }
        & > .filmstrip--knob { color: $text; text-style: bold; }
        & > .filmstrip--rest { color: $text-muted; }
    }
    """

    @dataclass
    class Moved(Message):
        """The knob was put at a place."""

        at: int

    @dataclass
    class Pressed(Message):
        """The button of the film was pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.at = -1
        self.playing = False
        self._held = False

    def show(self, count: int, at: int, playing: bool) -> None:
        """Show another state; an unchanged line is not painted again."""
        before = self._line()
        self.count, self.at, self.playing = count, at, playing
        if self._line() != before:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint the one line."""
        style = self.get_component_rich_style
        button, done, knob, rest = self._line()
        return Strip(
            [
                Segment(button, style("filmstrip--button")),
                Segment(done, style("filmstrip--done")),
                Segment(knob, style("filmstrip--knob")),
                Segment(rest, style("filmstrip--rest")),
            ]
        ).adjust_cell_length(self.size.width, self.rich_style)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press the button, or take the knob."""
        event.stop()
        if event.x < _BUTTON:
            self.post_message(self.Pressed())
        elif self.count:
            self._held = True
            self.capture_mouse()
            self._put(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the knob."""
        if self._held:
            self._put(event.x)

    def on_mouse_up(self) -> None:
        """Let the knob go."""
        if self._held:
            self._held = False
            self.release_mouse()

    def _line(self) -> tuple[str, str, str, str]:
        """Return the button, the groove before the knob, the knob and the groove after it."""
        groove = max(self.size.width - _BUTTON, 0)
        button = f"{_HALT if self.playing else _PLAY} "
        if self.count < 1 or not groove:
            return button, "", "", "─" * groove
        place = round(self.at * (groove - 1) / max(self.count - 1, 1)) if self.count > 1 else 0
        return button, "━" * place, "●", "─" * (groove - 1 - place)

    def _put(self, x: int) -> None:
        groove = max(self.size.width - _BUTTON - 1, 1)
        share = min(max((x - _BUTTON) / groove, 0.0), 1.0)
        at = round(share * (self.count - 1))
        if at != self.at:
            self.post_message(self.Moved(at))
