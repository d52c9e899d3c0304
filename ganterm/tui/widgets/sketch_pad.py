"""A pad to draw a digit on, with the mouse or with the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from ganterm.render.tint import Tone
from ganterm.tui.explore.pad import Pad
from ganterm.tui.widgets.footer import ActionBar
from ganterm.tui.widgets.part_line import Part, PartLine
from ganterm.tui.widgets.picture_grid import PictureGrid

_ACTIONS: Final = ("press", "rubber", "delete", "take", "undo")


class SketchPad(PictureGrid, can_focus=False):
    """Shows a pad, and draws on it where the mouse is dragged; the right button wipes."""

    @dataclass
    class Drawn(Message):
        """Something was drawn with the mouse."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.pad = Pad()
        self._last: tuple[float, float] | None = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin a stroke."""
        point = self._point(event)
        if point is None:
            return
        event.stop()
        self.capture_mouse()
        self.pad.begin()
        self._last = point
        self._stroke(point, wipes=event.button == 3)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draw on."""
        if self._last is not None and (point := self._point(event)) is not None:
            event.stop()
            self._stroke(point, wipes=event.button == 3)

    def on_mouse_up(self) -> None:
        """End the stroke."""
        if self._last is not None:
            self._last = None
            self.release_mouse()

    def _stroke(self, point: tuple[float, float], *, wipes: bool) -> None:
        pad, rubber = self.pad, self.pad.rubber
        pad.rubber = rubber or wipes
        pad.line(self._last or point, point)
        pad.rubber = rubber
        pad.go(*point)
        self._last = point
        self.post_message(self.Drawn())

    def _point(self, event: events.MouseEvent) -> tuple[float, float] | None:
        """Return the point of the pad under the middle of the pointer's cell."""
        fit, y = self.fit, event.y - bool(self._title)
        if fit is None:
            return None
        scale = self.pad.side / fit.width
        return (event.x - self._left + 0.5) * scale, (2 * y + 1) * scale


class SketchPanel(Vertical, can_focus=True):
    """The pad under what there is to say about it."""

    DEFAULT_CSS = """
    SketchPanel {
        height: 1fr;
        &:focus PartLine { background: $panel; }
        &:focus ActionBar { background: $panel; }
    }
    """

    def compose(self) -> ComposeResult:
        """Put the panel together."""
        yield PartLine(id="pen")
        yield SketchPad(id="pad")
        yield ActionBar("explorer", _ACTIONS)

    @property
    def pad(self) -> Pad:
        """What is drawn."""
        return self.query_one(SketchPad).pad

    def show(self, pad: Pad, tone: Tone, said: str) -> None:
        """Show a pad as it stands, and what is said of the search."""
        self.query_one(SketchPad).pad = pad
        self.query_one(SketchPad).show([pad.picture(pen=self.has_focus)], tone)
        doing = "wipes" if pad.rubber else "draws"
        self.query_one("#pen", PartLine).show(
            Part(f"pen {doing}" if pad.down else "pen up", "title", 9),
            Part(said or "draw with mouse or arrows", "text", 8),
        )
