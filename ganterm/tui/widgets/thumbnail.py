"""The newest samples of a run, as large as they fit: a glance, not an album."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import work
from textual.strip import Strip
from textual.widget import Widget

from ganterm.errors import DataError
from ganterm.render.byclass import in_turn
from ganterm.render.raster import Raster
from ganterm.render.sheet import load_sheet, rows_of_sheet
from ganterm.render.show import draw_many

if TYPE_CHECKING:
    from ganterm.tui.app import GantermApp


class Thumbnail(Widget, can_focus=False):
    """Draws the images of one sheet of samples.

    Attributes:
        path: the sheet; None shows nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.path: Path | None = None
        self._images: Sequence[Raster] = ()
        self._strips: list[Strip] = []

    def show(self, path: Path | None) -> None:
        """Show another sheet; it is read off the screen's thread."""
        if path == self.path:
            return
        self.path = path
        if path is None:
            self._take(path, ())
        else:
            self._load(path)

    @work(thread=True, exclusive=True)
    def _load(self, path: Path) -> None:
        try:
            images, classes = load_sheet(path), len(rows_of_sheet(path))
            if classes:
                images = [images[index] for index in in_turn(classes, len(images))]
        except DataError:
            # Pruned, or not whole: nothing is shown, for this is but a glance.
            images = []
        self.app.call_from_thread(self._take, path, images)

    def _take(self, path: Path | None, images: Sequence[Raster]) -> None:
        if path == self.path:
            self._images = images
            self.on_resize()
            self.refresh()

    def on_resize(self) -> None:
        """Draw at the new size."""
        width, height = self.size
        if not (self._images and width and height):
            self._strips = []
            return
        canvas = replace(cast("GantermApp", self.app).options.canvas, columns=width, rows=height)
        lines, _ = draw_many(self._images, canvas, scroll=False)
        console = self.app.console
        self._strips = [Strip(Text.from_ansi(line).render(console)) for line in lines[:height]]

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if y < len(self._strips):
            return self._strips[y].crop_extend(0, self.size.width, self.rich_style)
        return Strip.blank(self.size.width, self.rich_style)
