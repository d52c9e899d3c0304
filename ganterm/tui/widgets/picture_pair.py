"""Generated images, with real ones beside them or one image alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message

from ganterm.client.previews import PictureLoader, Sheet
from ganterm.render.layout import fit_canvas
from ganterm.render.raster import Raster
from ganterm.render.text import safe_text
from ganterm.render.tint import Tone
from ganterm.tui.base import AppBase
from ganterm.tui.widgets.picture_grid import PictureGrid

FAKE: Final = "fake-pictures"
REAL: Final = "real-pictures"
_GUTTER: Final = 2


@dataclass(frozen=True)
class _Zoom:
    """The one image that is shown: of which grid, and where in it."""

    grid: str
    index: int


class PicturePair(Container):
    """Lays out one or two grids of images so that the images are large.

    Attributes:
        sheets: what there is to see, by grid; without real images there is one grid.
    """

    app = getters.app(AppBase)

    DEFAULT_CSS = """
    PicturePair {
        height: 1fr;
        layout: vertical;
        &.-beside { layout: horizontal; }
        &.-beside #real-pictures { margin: 0 0 0 2; }
    }
    """

    @dataclass
    class Changed(Message):
        """Others of the images are seen: one alone, all again, or as many as now fit."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: dict[str, Sheet] = {}
        self._tone = Tone()
        self._titles: dict[str, str] = {}
        self._zoom: _Zoom | None = None

    def compose(self) -> ComposeResult:
        yield PictureGrid(id=FAKE)
        yield PictureGrid(id=REAL)

    def on_resize(self) -> None:
        self._draw()
        self.call_after_refresh(self.post_message, self.Changed())

    def show(
        self, fake: Sheet, real: Sheet | None, tone: Tone, *, title: str = "generated"
    ) -> None:
        """Show generated images, and real ones if there are any to show beside.

        `title` is what the generated ones are called then.
        """
        self._titles = {FAKE: title, REAL: "real data"}
        self.sheets = {FAKE: fake} if real is None else {FAKE: fake, REAL: real}
        self._tone = tone
        if self._zoom and self._zoom.grid not in self.sheets:
            self._zoom = None
        self._draw()

    def zoom(self) -> None:
        """Show one image alone, or all again."""
        self._zoom_to(None if self._zoom else _Zoom(FAKE, 0))

    def unzoom(self) -> bool:
        """Show all images again; tell whether only one was shown."""
        zoomed = self._zoom is not None
        self._zoom_to(None)
        return zoomed

    def step_image(self, by: int) -> None:
        """While one image is shown, show another."""
        if self._zoom and (count := len(self.sheets[self._zoom.grid].images)):
            self._zoom_to(replace(self._zoom, index=(self._zoom.index + by) % count))

    @property
    def zoomed_words(self) -> str:
        """Which image is shown alone; empty while all are."""
        if self._zoom is None:
            return ""
        count = len(self.sheets[self._zoom.grid].images)
        which = "real image" if self._zoom.grid == REAL else "image"
        return f"{which} {self._zoom.index + 1} of {count}"

    @property
    def hidden_words(self) -> str:
        """How many of the images there is room for, where it is not all."""
        fit = self._grid(FAKE).fit
        count = len(self.sheets[FAKE].images) if self.sheets else 0
        return f"{fit.shown} of {count} images" if fit and fit.shown < count else ""

    @property
    def class_words(self) -> str:
        """Where which class stands, by the names that the sheet gives them; empty without any."""
        laid = self._grid(FAKE).laid
        return laid.words(self.sheets[FAKE].classes) if laid and FAKE in self.sheets else ""

    @on(PictureGrid.Picked)
    def _pick(self, event: PictureGrid.Picked) -> None:
        event.stop()
        self._zoom_to(None if self._zoom else _Zoom(str(event.grid.id), event.index))

    def _zoom_to(self, zoom: _Zoom | None) -> None:
        if zoom != self._zoom:
            self._zoom = zoom
            self._draw()
            self.post_message(self.Changed())

    def _grid(self, name: str) -> PictureGrid:
        return self.query_one(f"#{name}", PictureGrid)

    def _draw(self) -> None:
        if not self.is_mounted or not self.sheets:
            return
        both = len(self.sheets) > 1 and self._zoom is None
        if both:
            self.set_class(self._beside(self.sheets[FAKE].images), "-beside")
        for name, title in self._titles.items():
            grid, sheet = self._grid(name), self.sheets.get(name)
            grid.display = sheet is not None and (not self._zoom or self._zoom.grid == name)
            if sheet is None or not grid.display:
                continue
            images, classes = sheet.images, len(sheet.classes)
            if self._zoom and images:
                images, classes = images[self._zoom.index : self._zoom.index + 1] or images[-1:], 0
            words = safe_text(sheet.trouble)
            # Real images lie in the order of their classes: the first would be of one class alone.
            grid.show(
                images,
                self._tone,
                title=title if both else "",
                words=words,
                classes=classes,
                spread=name == REAL,
            )

    def _beside(self, images: Sequence[Raster]) -> bool:
        """Tell whether two grids are seen better side by side than one above the other."""
        if not images:
            return True
        canvas = self.app.options.canvas
        width, height = self.size
        halves = ((width - _GUTTER) // 2, height - 1), (width, height // 2 - 1)
        fits = [
            fit_canvas(
                len(images),
                images[0].width,
                images[0].height,
                replace(canvas, columns=max(columns, 1), rows=max(rows, 1)),
            )
            for columns, rows in halves
        ]
        seen = [(fit.shown, fit.width) for fit in fits]
        return seen[0] >= seen[1]


class PicturePanel(Vertical, can_focus=True):
    """Shows pictures that are read from files, in the colours and with what stands beside them.

    Attributes:
        tone: in which colours, and with how much contrast.
        real: whether real data stand beside.
        pictures: what reads the files.
    """

    AUTO_SELECT: ClassVar[bool] = False
    app = getters.app(AppBase)
    pair = getters.query_one(PicturePair)

    def __init__(self, *, real: bool, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.tone = Tone()
        self.real = real
        self.pictures: PictureLoader

    def draw(self) -> None:
        raise NotImplementedError

    def on_mount(self) -> None:
        self.pictures = PictureLoader(
            lambda: self.app.call_later(self.draw), background=self.app.options.background
        )
        self.draw()

    def on_unmount(self) -> None:
        self.pictures.stop()

    def toggle_real(self) -> None:
        self.real = not self.real
        self.draw()

    def next_tint(self) -> None:
        self.tone = self.tone.next_tint()
        self.draw()

    def next_contrast(self) -> None:
        self.tone = self.tone.next_contrast()
        self.draw()

    @on(PicturePair.Changed)
    def _say_which(self, event: PicturePair.Changed) -> None:
        event.stop()
        self.draw()
