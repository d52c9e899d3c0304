"""Images as half blocks, as large as they fit; only lines that look different are painted.

Where every byte crosses a network, a picture comes in few levels, and in all of them once it rests.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events, getters
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from ganterm.render import palette
from ganterm.render.byclass import ByClass, fit_by_class, in_turn
from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.glyphs import draw_glyphs
from ganterm.render.halfblock import Run, budget_of, encode, encode_within, line_to_ansi
from ganterm.render.layout import GridFit, arrange, fit_canvas
from ganterm.render.raster import Raster
from ganterm.render.tint import Tone
from ganterm.tui.base import AppBase
from ganterm.tui.widgets.toned import PaintedLines, tone_style

LARGEST: Final = 8
"""How many times images are enlarged at most while several are shown."""
_LARGEST_ONE: Final = 64

Line = tuple[Run, ...]


class PictureGrid(PaintedLines, can_focus=False):
    """Draws equally large images at the best size for its own.

    Attributes:
        fit: how they are laid out; None while there are none.
        laid: which class stands where; None while that is in no order.
    """

    app = getters.app(AppBase)

    DEFAULT_CSS = """
    PictureGrid {
        width: 1fr;
        height: 1fr;
    }
    """

    @dataclass
    class Picked(Message):
        """An image was clicked: which one, and of which grid."""

        grid: PictureGrid
        index: int

    @dataclass
    class Turned(Message):
        """The wheel was turned, by -1 or 1."""

        by: int

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.fit: GridFit | None = None
        self.laid: ByClass | None = None
        self._images: Sequence[Raster] = ()
        self._tone = Tone()
        self._title = self._words = ""
        self._kinds = 0
        self._spread = False
        self._order: Sequence[int] | None = None
        self._drawn: tuple[Sequence[Raster], tuple[object, ...]] | None = None
        self._lines: list[Line] = []
        self._resting: Timer | None = None
        self._finer: Iterator[tuple[int, Line]] | None = None

    def show(
        self,
        images: Sequence[Raster],
        tone: Tone,
        *,
        title: str = "",
        words: str = "",
        classes: int = 0,
        spread: bool = False,
    ) -> None:
        """Show other images under a title, or `words` where there are none.

        Of several `classes`, as many images of each after the other, each has a row or a column.
        Where there is no room for all, those shown are the first, or `spread` over all.
        """
        self._images, self._tone, self._title, self._words = images, tone, title, words
        self._kinds, self._spread = classes, spread
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    @property
    def canvas(self) -> Canvas:
        """What there is to draw on."""
        rows = max(self.size.height - bool(self._title), 1)
        chosen = self.app.options.canvas
        return replace(chosen, columns=max(self.size.width, 1), rows=rows)

    def on_click(self, event: events.Click) -> None:
        index = self._index_at(event.x, event.y)
        if index is not None:
            event.stop()
            self.post_message(self.Picked(self, index))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Turned(-1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Turned(1))

    def _draw(self) -> None:
        canvas = self.canvas
        # The same images may come again and again; to draw them takes milliseconds.
        manner = (self._tone, canvas, self._title, self._words, self._kinds, self._spread)
        if self._drawn and self._drawn[1] == manner and _are_same(self._drawn[0], self._images):
            return
        self._drawn = self._images, manner
        rest_seconds = self.app.options.pace.rest_seconds
        self._lines = self._lines_on(canvas, sparing=rest_seconds > 0)
        self.repaint()
        self._finer = None
        if rest_seconds and self._images:
            self._refine_in(rest_seconds)

    def _refine_in(self, seconds: float) -> None:
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(seconds, self._refine)

    def _refine(self) -> None:
        """Draw the picture in all its levels, no more of it at once than is sent in a second."""
        if busy := self.app.link_seconds:
            self._refine_in(busy)
            return
        canvas = self.canvas
        if self._finer is None:
            self._finer = iter(enumerate(self._lines_on(canvas, sparing=False)))
        left = self.app.options.pace.bytes_per_second or math.inf
        for y, line in self._finer:
            if line == self._lines[y]:
                continue
            self._lines[y] = line
            self.refresh(Region(0, y, self.size.width, 1))
            left -= len(line_to_ansi(line, canvas.colour).encode())
            if left <= 0:
                self._refine_in(1.0)
                return

    def _lines_on(self, canvas: Canvas, *, sparing: bool) -> list[Line]:
        head: list[Line] = [(Run(self._title, None, None),)] if self._title else []
        if not self._images:
            self.fit = self.laid = None
            return head
        first, count = self._images[0], len(self._images)
        images, size = self._images, (first.width, first.height)
        self.laid = fit_by_class(self._kinds, count, *size, canvas) if self._kinds else None
        if self.laid is not None:
            self.fit, self._order = self.laid.fit, self.laid.order
        else:
            self._order = in_turn(self._kinds, count) if self._kinds else None
            largest = LARGEST if count > 1 else _LARGEST_ONE
            self.fit = fit_canvas(count, *size, canvas, largest=largest)
            if self._spread and not self._kinds:
                shown = self.fit.shown
                self._order = [index * count // shown for index in range(shown)]
        if self._order is not None:
            images = [images[index] for index in self._order]
        picture = _arranged(images, self.fit, self._tone)
        return [*head, *self._encoded(picture, canvas, sparing=sparing)]

    def _encoded(self, picture: Raster, canvas: Canvas, *, sparing: bool) -> list[Line]:
        mode = canvas.colour
        if canvas.charset is Charset.ASCII or mode is ColourMode.NONE:
            bright = None if mode is ColourMode.NONE else 0xFFFFFF
            dark = None if bright is None else 0
            return [(Run(line, bright, dark),) for line in draw_glyphs(picture, canvas.charset)]
        if sparing:
            most = self.app.options.pace.frame_bytes
            budget = min(budget_of(picture, mode), math.inf if most is None else most)
            lines = encode_within(picture, mode, int(budget))
        else:
            lines = encode(picture, mode=mode)
        return [tuple(runs) for runs in self._tone.coloured(lines, mode)]

    def line(self, y: int) -> tuple[int, str, Line]:
        """Return blank cells, words and a picture's line, of which one or the other is empty."""
        if not self._images and self._words and y == self.size.height // 2:
            return 0, self._words, ()
        if self._title and y == 0:
            return 0, self._title, ()
        return self._left, "", self._lines[y] if y < len(self._lines) else ()

    def paint(self, line: tuple[int, str, Line]) -> Strip:
        left, words, runs = line
        ground, mode = self.rich_style, self.canvas.colour
        said = Segment(words, tone_style(self, "muted")) if words else Segment(" " * left, ground)
        picture = [Segment(run.text, ground + _style(run.fg, run.bg, mode)) for run in runs]
        return Strip([said, *picture]).adjust_cell_length(self.size.width, ground)

    @property
    def _left(self) -> int:
        """Blank cells before the picture: it stands in the middle."""
        return max((self.size.width - self._picture_width) // 2, 0)

    @property
    def _picture_width(self) -> int:
        fit = self.fit
        return fit.columns * (fit.width + fit.padding) - fit.padding if fit else 0

    def _index_at(self, x: int, y: int) -> int | None:
        fit, y = self.fit, y - bool(self._title)
        if fit is None or y < 0:
            return None
        column, row = (
            (x - self._left) // (fit.width + fit.padding),
            2 * y // (fit.height + fit.padding),
        )
        index = row * fit.columns + column
        if not (0 <= column < fit.columns and 0 <= index < fit.shown):
            return None
        return index if self._order is None else self._order[index]


def _are_same(one: Sequence[Raster], other: Sequence[Raster]) -> bool:
    """Tell without looking at pixels whether two sequences hold the same objects."""
    return len(one) == len(other) and all(map(operator.is_, one, other))


def _arranged(images: Sequence[Raster], fit: GridFit, tone: Tone) -> Raster:
    return arrange(tone.prepared(images[: fit.shown]), fit, background=tone.paper)


@lru_cache(maxsize=8192)
def _style(fg: int | None, bg: int | None, mode: ColourMode) -> Style:
    """Return the style of a run in the very colours that `mode` has."""
    # A colour that nothing shows is the other one, so that no theme's colour gets into a picture.
    ink, paper = (bg if fg is None else fg), (fg if bg is None else bg)
    if ink is None or paper is None:
        return Style()
    return Style(color=_colour(ink, mode), bgcolor=_colour(paper, mode))


def _colour(colour: int, mode: ColourMode) -> Color:
    if mode is ColourMode.TRUECOLOR:
        return Color.from_rgb(colour >> 16, colour >> 8 & 0xFF, colour & 0xFF)
    return Color.from_ansi(palette.index(colour, mode))
