"""The newest samples of a run, as large as they fit: a glance, not an album."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import work

from ganterm.errors import DataError
from ganterm.render.raster import Raster
from ganterm.render.sheet import load_sheet, rows_of_sheet
from ganterm.render.tint import Tone
from ganterm.tui.widgets.picture_grid import PictureGrid


class Thumbnail(PictureGrid):
    """Draws the images of one sheet of samples.

    Attributes:
        path: the sheet; None shows nothing.
    """

    def __init__(self) -> None:
        super().__init__(id="thumbnail")
        self.path: Path | None = None

    def show_sheet(self, path: Path | None) -> None:
        """Show another sheet; it is read off the screen's thread."""
        if path == self.path:
            return
        self.path = path
        if path is None:
            self._take(path, (), 0)
        else:
            self._load(path)

    @work(thread=True, exclusive=True)
    def _load(self, path: Path) -> None:
        try:
            images, classes = load_sheet(path), len(rows_of_sheet(path))
        except DataError:
            # Pruned, or not whole: nothing is shown, for this is but a glance.
            images, classes = [], 0
        self.app.call_from_thread(self._take, path, images, classes)

    def _take(self, path: Path | None, images: Sequence[Raster], classes: int) -> None:
        if path == self.path:
            self.show(images, Tone(), classes=classes)
