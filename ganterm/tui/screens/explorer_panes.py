"""The panes of the explorer: which of them are seen beside the big image."""

from __future__ import annotations

from typing import Final, Literal, get_args

from ganterm.render.colour import Charset, ColourMode
from ganterm.tui.explore.exploration import Exploration
from ganterm.tui.screens.panes import PanedScreen
from ganterm.tui.screens.serving import ServingScreen
from ganterm.tui.widgets.place_list import PlaceList
from ganterm.tui.widgets.sliders import Sliders

Pane = Literal["sliders", "walk", "places", "sketch"]
PANES: Final[tuple[Pane, ...]] = get_args(Pane)
_WIDE_COLUMNS, _WIDE_ROWS = 150, 40
"""The least screen that has room for everything."""
_STRIP_COLUMNS, _STRIP_ROWS = 100, 36
"""The least that has room for the strip below."""
_SIDE_COLUMNS: Final = 46
_LEAST_STRIP, _MOST_STRIP = 7, 11
"""Rows of the strip with its title."""
_AROUND: Final = 4
"""Rows above and below the body."""


class ExplorerPanes(PanedScreen[Pane], ServingScreen):
    """A big image beside one pane of four, or beside all of them where there is room.

    Attributes:
        alone: whether the image, and no pane, has all the room.
        exploration: what has been chosen.
    """

    panes = PANES
    PANE_WORDS = ("1 sliders", "2 A to B", "3 places", "4 sketch")

    def __init__(self) -> None:
        super().__init__()
        self.exploration = Exploration()

    @property
    def sliders(self) -> Sliders:
        """The sliders for the directions."""
        return self.query_one("#sliders", Sliders)

    @property
    def places(self) -> PlaceList:
        """The places to go back to."""
        return self.query_one(PlaceList)

    @property
    def has_strip(self) -> bool:
        """Whether the strip is seen."""
        return bool(self.query_one("#strip").display)

    def divide(self) -> None:
        """Show what there is room for."""
        width, height = self.size
        lines = [self.query_one(f"#{name}") for name in ("classes", "trouble")]
        rows = height - _AROUND - sum(bool(line.display) for line in lines)
        wide = not self.alone and width >= _WIDE_COLUMNS and height >= _WIDE_ROWS
        strip = not self.alone and width >= _STRIP_COLUMNS and height >= _STRIP_ROWS
        strip = strip and not self._in_characters and (wide or self.active != "sketch")
        below = strip and not wide
        picture = self._picture_width(rows - (_LEAST_STRIP if below else 0), width)
        # What the picture, which is enlarged by whole numbers, leaves of the height.
        left = min(max(rows - (picture - 2) // 2, _LEAST_STRIP), _MOST_STRIP)
        body = self.query_one("#body")
        layout = "-alone" if self.alone else "-wide" if wide else "-strip" if strip else "-plain"
        body.set_classes(layout)
        if wide:
            body.styles.grid_columns = f"{picture} 1fr {_SIDE_COLUMNS}"
            body.styles.grid_rows = f"1fr 1fr {_MOST_STRIP}"
        else:
            body.styles.grid_columns = "1fr" if self.alone else f"{picture} 1fr"
            body.styles.grid_rows = f"1fr {left}" if below else "1fr"
        self.query_one("#strip").display = strip
        for pane in PANES:
            self.query_one(f"#{pane}").display = not self.alone and self._seen(pane, wide)
        self.name_panes()

    def _seen(self, pane: Pane, wide: bool) -> bool:
        if not wide:
            return pane == self.active
        if pane in {"sliders", "sketch"}:
            return (pane == "sketch") == (self.active == "sketch")
        return True

    @property
    def _in_characters(self) -> bool:
        """Whether characters stand for brightness: so small an image cannot be read then."""
        canvas = self.app.options.canvas
        return canvas.charset is Charset.ASCII or canvas.colour is ColourMode.NONE

    def _picture_width(self, rows: int, width: int) -> int:
        """Return the cells that the image takes: it is enlarged by whole numbers."""
        side = self.exploration.opened.side if self.exploration.opened else 28
        room = min(2 * rows, width // 2)
        return (room // side * side if room >= side else room) + 2

    def go_to(self, pane: Pane) -> None:
        """Show a pane and give it the keys."""
        self.alone = False
        super().go_to(pane)
