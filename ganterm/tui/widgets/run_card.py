"""What there is to see of the run under the cursor: its losses and its newest samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal

from ganterm.errors import DataError
from ganterm.render.chart import Trace, View
from ganterm.render.raster import Raster
from ganterm.render.sheet import load_sheet, rows_of_sheet
from ganterm.render.tint import Tone
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.widgets.chart import ChartView, Drawing
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


_SMOOTHING: Final = 0.6
_LOSSES: Final = (("g_loss", "G loss"), ("d_loss", "D loss"))


class RunCard(Horizontal):
    """A chart beside a thumbnail."""

    DEFAULT_CSS = """
    RunCard {
        background: $background;
        border-top: solid $line;
        & > ChartView { width: 1fr; padding: 0 1; }
        & > Thumbnail { width: 44%; margin: 0 1; display: none; }
        &.-samples > Thumbnail { display: block; }
    }
    """

    def compose(self) -> ComposeResult:
        yield ChartView()
        yield Thumbnail()

    def show(self, feed: RunFeed | None) -> None:
        """Show another run, or the same as it stands; None is one still to be read."""
        traces = [
            Trace(title, feed.series[name], style)
            for style, (name, title) in enumerate(_LOSSES)
            if feed and name in feed.series
        ]
        title = feed.run.name if feed else ""
        view = View(smoothing=_SMOOTHING, bands=False)
        self.query_one(ChartView).show(Drawing(traces, view, title))
        samples = feed.samples if feed else []
        self.set_class(bool(samples), "-samples")
        self.query_one(Thumbnail).show_sheet(samples[-1].path if samples else None)
