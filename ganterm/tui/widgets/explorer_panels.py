"""What stands beside the explorer's image: places, the walk from A to B, a pad to sketch on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from ganterm.render.tint import Tone
from ganterm.tui.explore.exploration import Exploration, Pick, place_words
from ganterm.tui.explore.pad import Pad
from ganterm.tui.lines import Line, Piece, shortened
from ganterm.tui.widgets.footer import ActionBar
from ganterm.tui.widgets.picture_grid import PictureGrid
from ganterm.tui.widgets.row_list import RowList
from ganterm.tui.widgets.sliders import SliderRow, Sliders
from ganterm.tui.widgets.toned import LinePart, PartLine


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
        self.choose(self.at + by, by)

    def on_click(self, event: events.Click) -> None:
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


_WALK_ACTIONS: Final = ("pick_a", "pick_b", "next_way", "press", "take")
_WAYS: Final = {"spherical": "arc", "linear": "straight"}


class WalkPanel(Vertical, can_focus=True):
    """The images of A and B, and how far from one to the other one is."""

    DEFAULT_CSS = """
    WalkPanel {
        height: 1fr;
        #ends { height: 1fr; max-height: 16; }
        #ends PictureGrid { margin: 0 1 0 0; }
        #way { height: 1; }
        &:focus #between { background: $panel; }
        &:focus ActionBar { background: $panel; }
    }
    """

    def compose(self) -> ComposeResult:
        yield PartLine(id="between")
        with Horizontal(id="ends"):
            yield PictureGrid(id="end-a")
            yield PictureGrid(id="end-b")
        yield Sliders(id="way")
        yield ActionBar("explorer", _WALK_ACTIONS)

    def on_mount(self) -> None:
        self.query_one("#way", Sliders).can_focus = False

    def show(self, exploration: Exploration, tone: Tone) -> None:
        classes = exploration.opened.classes if exploration.opened else ()
        for name, pick in (("a", exploration.a), ("b", exploration.b)):
            grid = self.query_one(f"#end-{name}", PictureGrid)
            images = [pick.image] if pick and pick.image else []
            grid.show(
                images,
                tone,
                title=_title(name.upper(), pick, classes),
                words="" if pick else f"{name} picks {name.upper()}",
            )
        both = exploration.a is not None and exploration.b is not None
        layers = exploration.opened.layers if exploration.opened else 0
        crossover = exploration.crossover
        mixes = crossover is not None and bool(layers)
        share = crossover / layers if crossover is not None and layers else exploration.at
        told = f"{crossover} of {layers}" if mixes else f"{exploration.at:.0%}"
        self.query_one("#way", Sliders).show(
            [SliderRow("A to B", 2 * share - 1 if both else None, told, moved=False)], 0
        )
        self.query_one("#between", PartLine).show(
            LinePart("from A to B" if both else "pick two places", "title", 9),
            LinePart(
                "styles mixed" if mixes else _WAYS[exploration.way] if both else "", "text", 8
            ),
            LinePart("shown" if exploration.showing == "walk" else "", "good", 7),
        )


def _title(name: str, pick: Pick | None, classes: tuple[str, ...]) -> str:
    return f"{name}  {place_words(pick.place, classes)}" if pick else name


_PAD_ACTIONS: Final = ("press", "rubber", "delete", "take", "undo")


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
        point = self._point(event)
        if point is None:
            return
        event.stop()
        self.capture_mouse()
        self.pad.begin()
        self._last = point
        self._stroke(point, wipes=event.button == 3)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._last is not None and (point := self._point(event)) is not None:
            event.stop()
            self._stroke(point, wipes=event.button == 3)

    def on_mouse_up(self) -> None:
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
        scale = self.pad.size.width / fit.width
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
        yield PartLine(id="pen")
        yield SketchPad(id="pad")
        yield ActionBar("explorer", _PAD_ACTIONS)

    @property
    def pad(self) -> Pad:
        return self.query_one(SketchPad).pad

    def show(self, pad: Pad, tone: Tone, said: str) -> None:
        """Show a pad as it stands, and what is said of the search."""
        self.query_one(SketchPad).pad = pad
        self.query_one(SketchPad).show([pad.picture(pen=self.has_focus)], tone)
        doing = "wipes" if pad.rubber else "draws"
        self.query_one("#pen", PartLine).show(
            LinePart(f"pen {doing}" if pad.down else "pen up", "title", 9),
            LinePart(said or "draw with mouse or arrows", "text", 8),
        )
