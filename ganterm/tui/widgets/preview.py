"""What the run generates: its samples at any step of its history, as a film, beside real data."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.timer import Timer

from ganterm.render.layout import fit_canvas
from ganterm.render.raster import Raster
from ganterm.render.text import safe_text
from ganterm.render.tint import CONTRASTS, TINTS, Tone
from ganterm.tui.feed.change import SampleRef
from ganterm.tui.feed.pictures import Pictures, Sheet
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.widgets.filmstrip import Filmstrip
from ganterm.tui.widgets.part_line import Part, PartLine
from ganterm.tui.widgets.picture_grid import PictureGrid

if TYPE_CHECKING:
    from ganterm.tui.app import GantermApp

FILM_RATE: Final = 8.0
"""Pictures a second of a film where the connection is quick."""
FILM_SECONDS: Final = 20.0
"""About how long a film takes at most; a longer history is shown in larger steps."""
_EMPTY: Final = Sheet()
_FAKE: Final = "fake-pictures"
_REAL: Final = "real-pictures"


@dataclass(frozen=True)
class _Zoom:
    grid: str
    index: int


class Preview(Vertical, can_focus=True):
    """Shows the samples of a run, the newest unless another step is gone to.

    Attributes:
        tone: in which colours, and with how much contrast.
        real: whether real data stand beside.
        cursor: the step that is shown; None while the newest are followed.
    """

    DEFAULT_CSS = """
    Preview {
        & > #pictures { height: 1fr; layout: vertical; }
        & > #pictures.-beside { layout: horizontal; }
        & > #pictures.-beside #real-pictures { margin: 0 0 0 2; }
        &:focus PartLine { background: $panel; }
    }
    """
    AUTO_SELECT: ClassVar[bool] = False

    @dataclass
    class ScrubbedTo(Message):
        """Other samples are looked at: those of a step, or, with None, always the newest."""

        step: int | None

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(id=id)
        self.tone = Tone()
        self.real = False
        self.cursor: int | None = None
        self._clock = clock
        self._feed: RunFeed | None = None
        self._samples: Sequence[SampleRef] = ()
        self._pictures: Pictures
        self._zoom: _Zoom | None = None
        self._film: Timer | None = None
        self._waiting: Timer | None = None
        self._stride = 1
        self._announced: deque[int | None] = deque(maxlen=4)
        self._drawn: SampleRef | None = None
        self._quiet_until = 0.0

    def compose(self) -> ComposeResult:
        """Put the pictures between what they are and where they are."""
        yield PartLine()
        with Container(id="pictures"):
            yield PictureGrid(id=_FAKE)
            yield PictureGrid(id=_REAL)
        yield Filmstrip()

    def on_mount(self) -> None:
        """Get ready to read."""
        self._pictures = Pictures(
            lambda: self.app.call_later(self._draw), background=self._ganterm.options.background
        )
        self._draw()

    def on_unmount(self) -> None:
        """Read no more."""
        self._pictures.stop()

    def on_resize(self) -> None:
        """Lay the pictures out anew."""
        self._draw()

    # What it shows

    def show(self, feed: RunFeed | None) -> None:
        """Show a run as it stands; None before it is known. Cheap where nothing is new."""
        samples = feed.samples if feed else ()
        if feed is not self._feed:
            self.cursor = self._zoom = self._drawn = None
            self._stop_film()
        elif feed and self.cursor is not None and self.cursor > feed.step:
            # The run went back, and the step that was looked at is no more.
            self.cursor = None
        self._feed, self._samples = feed, list(samples)
        self._draw()

    def go_to(self, step: int | None) -> None:
        """Show what the run generated at a step, or follow the newest; tells nobody."""
        # While a film runs, what it said a while ago may come back from who follows it.
        if step == self.cursor or (self._film is not None and step in self._announced):
            return
        self._stop_film()
        self._turn_to(step)

    @property
    def current(self) -> SampleRef | None:
        """The samples that are to be shown."""
        return self._samples[self._at] if self._samples else None

    @property
    def _at(self) -> int:
        """Which of the samples are to be shown; -1 where there are none."""
        if self.cursor is None:
            return len(self._samples) - 1
        # Samples lie still until the next are drawn: those of a step are the last before it.
        after = bisect_right(self._samples, self.cursor, key=lambda sample: sample.step)
        return max(after - 1, 0) if self._samples else -1

    # What can be done

    def scrub(self, by: int) -> None:
        """Look so many samples further on, or back."""
        self._stop_film()
        self._put(self._at + by)

    def scrub_to_first(self) -> None:
        """Look at the first samples."""
        self._stop_film()
        self._put(0)

    def follow_newest(self) -> None:
        """Look at the newest samples, and at those that come."""
        self._stop_film()
        self._put(len(self._samples))

    def toggle_film(self) -> None:
        """Play the history from here, or from its beginning; or stop that."""
        if self._film is not None:
            self._stop_film()
        elif len(self._samples) > 1:
            rate = min(FILM_RATE, self._ganterm.options.pace.frames_per_second)
            first = 0 if self.cursor is None else self._at
            left = len(self._samples) - first
            self._stride = max(round(left / (rate * FILM_SECONDS)), 1)
            self._put(first)
            self._film = self.set_interval(1.0 / rate, self.advance)
        self._draw()

    def advance(self) -> None:
        """Show the next picture of the film, once the one before has been seen."""
        if self._film is None or self._drawn != self.current or not self._may_change:
            return
        self._put(self._at + self._stride)
        if self.cursor is None:
            self._stop_film()
            self._draw()

    def toggle_real(self) -> None:
        """Show real data beside the samples, or not."""
        self.real = not self.real
        self._draw()

    def zoom(self) -> None:
        """Show one image alone, or all again."""
        self._zoom = None if self._zoom else _Zoom(_FAKE, 0)
        self._draw()

    def unzoom(self) -> bool:
        """Show all images again; tell whether only one was shown."""
        zoomed, self._zoom = self._zoom is not None, None
        self._draw()
        return zoomed

    def step_image(self, by: int) -> None:
        """While one image is shown, show another."""
        if self._zoom and (count := len(self._images_of(self._zoom.grid))):
            self._zoom = replace(self._zoom, index=(self._zoom.index + by) % count)
            self._draw()

    def next_tint(self) -> None:
        """Paint in the next colours."""
        after = TINTS.index(self.tone.tint) + 1
        self.tone = replace(self.tone, tint=TINTS[after % len(TINTS)])
        self._draw()

    def next_contrast(self) -> None:
        """Paint with the next contrast."""
        after = CONTRASTS.index(self.tone.contrast) + 1
        self.tone = replace(self.tone, contrast=CONTRASTS[after % len(CONTRASTS)])
        self._draw()

    def _put(self, at: int) -> None:
        """Look at one of the samples, and say so; past the last one, at the newest."""
        if not self._samples:
            return
        newest = at >= len(self._samples) - 1
        step = None if newest else self._samples[max(at, 0)].step
        if step != self.cursor:
            self._announced.append(step)
            self._turn_to(step)
            self.post_message(self.ScrubbedTo(step))

    def _turn_to(self, step: int | None) -> None:
        self.cursor = step
        # What a person asks for waits for no pace.
        if self._film is None:
            self._quiet_until = 0.0
        self._draw()

    def _stop_film(self) -> None:
        if self._film is not None:
            self._film.stop()
            self._film = None

    @on(Filmstrip.Moved)
    def _move(self, event: Filmstrip.Moved) -> None:
        event.stop()
        self._stop_film()
        self._put(event.at)

    @on(Filmstrip.Pressed)
    def _press(self, event: Filmstrip.Pressed) -> None:
        event.stop()
        self.toggle_film()

    @on(PictureGrid.Turned)
    def _turn(self, event: PictureGrid.Turned) -> None:
        event.stop()
        self.scrub(event.by)

    @on(PictureGrid.Picked)
    def _pick(self, event: PictureGrid.Picked) -> None:
        event.stop()
        picked = _Zoom(str(event.grid.id), event.index)
        self._zoom = None if self._zoom else picked
        self._draw()

    # What it looks like

    @property
    def _ganterm(self) -> GantermApp:
        return cast("GantermApp", self.app)

    @property
    def _may_change(self) -> bool:
        """Whether a slow connection has had the time for the picture before."""
        return self._clock() >= self._quiet_until

    @property
    def _real_path(self) -> Path | None:
        return self._feed.run.real_samples if self._feed else None

    def _images_of(self, grid: str) -> Sequence[Raster]:
        return self._fake.images if grid == _FAKE else self._real.images

    @property
    def _fake(self) -> Sheet:
        drawn = self._drawn
        return (self._pictures.get(drawn.path) if drawn else None) or _EMPTY

    @property
    def _real(self) -> Sheet:
        path = self._real_path
        return (self._pictures.get(path) if path and self.real else None) or _EMPTY

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        changed = self._choose()
        fake, real = self._fake, self._real
        both = bool(self.real and self._zoom is None)
        grids = {grid.id: grid for grid in self.query(PictureGrid)}
        for sheet, (name, title, words) in zip(
            (fake, real),
            (
                (_FAKE, "generated", self._absence(fake)),
                (_REAL, "real data", real.trouble and "no real data were saved"),
            ),
            strict=True,
        ):
            grid = grids[name]
            grid.display = name == self._zoom.grid if self._zoom else both or name == _FAKE
            if grid.display:
                images = sheet.images
                if self._zoom and images:
                    images = images[self._zoom.index : self._zoom.index + 1] or images[-1:]
                grid.show(images, self.tone, title=title if both else "", words=safe_text(words))
        if both:
            self.query_one("#pictures").set_class(self._go_beside(fake.images), "-beside")
        if changed:
            self._count_cost()
        self.query_one(PartLine).show(*self._caption(fake))
        self.query_one(Filmstrip).show(len(self._samples), self._at, self._film is not None)

    def _choose(self) -> bool:
        """Draw what is to be shown as soon as it has been read, until then what was before.

        Tells whether that is now something else.
        """
        current, changed = self.current, False
        if current is not None and current != self._drawn and not self._may_change:
            self._draw_later()
            return False
        self._pictures.want(*self._wishes())
        if current is None or self._pictures.get(current.path) is not None:
            changed, self._drawn = current != self._drawn, current
        return changed

    def _draw_later(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(self._quiet_until - self._clock(), self._draw)

    def _count_cost(self) -> None:
        cost = sum(grid.cost for grid in self.query(PictureGrid) if grid.display)
        self._quiet_until = self._clock() + self._ganterm.options.pace.seconds_for(cost)

    def _wishes(self) -> list[Path]:
        """Return what is to be read: what is shown now, then what may be next."""
        at, film = self._at, self._film is not None
        order = (at, at + self._stride, at + 2 * self._stride) if film else (at, at + 1, at - 1)
        paths = [self._samples[i].path for i in order if 0 <= i < len(self._samples)]
        real = self._real_path
        return [*paths[:1], *([real] if real and self.real else []), *paths[1:]]

    def _go_beside(self, images: Sequence[Raster]) -> bool:
        """Tell whether two grids are seen better side by side than one above the other."""
        if not images:
            return True
        size = self.query_one("#pictures").size
        canvas, image, count = self._ganterm.options.canvas, images[0], len(images)
        seen = []
        for columns, rows in (
            ((size.width - 2) // 2, size.height - 1),
            (
                size.width,
                size.height // 2 - 1,
            ),
        ):
            room = replace(canvas, columns=max(columns, 1), rows=max(rows, 1))
            fit = fit_canvas(count, image.width, image.height, room)
            seen.append((fit.shown, fit.width))
        return seen[0] >= seen[1]

    def _absence(self, fake: Sheet) -> str:
        if fake.trouble:
            return fake.trouble
        return "reading …" if self._samples else "no samples yet"

    def _caption(self, fake: Sheet) -> list[Part]:
        drawn = self._drawn
        if drawn is None:
            return [Part("samples", "muted")]
        count, at = len(self._samples), self._at + 1
        parts = [Part(f"step {drawn.step:,}", "title", 9)]
        if self._film is not None:
            parts.append(Part("film", "good", 8))
        elif self.cursor is None:
            parts.append(Part("newest", "text", 8))
        parts.append(Part(f"{at:,} of {count:,}", "muted", 5))
        if self._zoom:
            images = self._images_of(self._zoom.grid)
            which = "real image" if self._zoom.grid == _REAL else "image"
            parts.append(Part(f"{which} {self._zoom.index + 1} of {len(images)}", "text", 7))
        else:
            grid = self.query_one(f"#{_FAKE}", PictureGrid)
            if grid.fit and grid.fit.shown < len(fake.images):
                parts.append(Part(f"{grid.fit.shown} of {len(fake.images)} images", "muted", 4))
        if self.tone.words:
            parts.append(Part(self.tone.words, "muted", 6))
        return parts
