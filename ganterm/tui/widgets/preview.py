"""What the run generates: its samples at any step of its history, as a film, beside real data."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.timer import Timer

from ganterm.client.feed import RunFeed, StepFile, run_of
from ganterm.client.previews import READING, Sheet
from ganterm.tui.lines import Line, Piece
from ganterm.tui.widgets.picture_grid import PictureGrid
from ganterm.tui.widgets.picture_pair import PicturePair, PicturePanel
from ganterm.tui.widgets.toned import LinePart, PartLine, TonedLine

_PLAY: Final = "▶"
_HALT: Final = "■"
_BUTTON: Final = 2


class Filmstrip(TonedLine):
    """One line: a button for the film, and a groove with a knob to click and to drag.

    Attributes:
        count: places that the knob can have.
        at: the one it has, from 0; -1 if there are none.
        playing: whether the film runs.
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
        self.count, self.at, self.playing = count, at, playing
        self.repaint()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        if event.x < _BUTTON:
            self.post_message(self.Pressed())
        elif self.count:
            self._held = True
            self.capture_mouse()
            self._put(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held:
            self._put(event.x)

    def on_mouse_up(self) -> None:
        if self._held:
            self._held = False
            self.release_mouse()

    def line(self, y: int) -> Line:
        groove = max(self.size.width - _BUTTON, 0)
        button = Piece(f"{_HALT if self.playing else _PLAY} ", "accent")
        if self.count < 1 or not groove:
            return button, Piece("─" * groove, "muted")
        place = round(self.at * (groove - 1) / max(self.count - 1, 1)) if self.count > 1 else 0
        done, rest = Piece("━" * place, "button"), Piece("─" * (groove - 1 - place), "muted")
        return button, done, Piece("●", "strong"), rest

    def _put(self, x: int) -> None:
        groove = max(self.size.width - _BUTTON - 1, 1)
        share = min(max((x - _BUTTON) / groove, 0.0), 1.0)
        at = round(share * (self.count - 1))
        if at != self.at:
            self.post_message(self.Moved(at))


FILM_RATE: Final = 8.0
"""Pictures a second of a film where the connection is quick."""
FILM_SECONDS: Final = 20.0
"""About how long a film takes at most; a longer history is shown in larger steps."""
_NONE_YET: Final = Sheet(trouble="no samples yet")


class Preview(PicturePanel):
    """Shows the samples of a run, the newest unless another step is gone to.

    Attributes:
        cursor: the step that is shown; None while the newest are followed.
    """

    DEFAULT_CSS = """
    Preview:focus PartLine {
        background: $panel;
    }
    """

    @dataclass
    class ScrubbedTo(Message):
        """Other samples are looked at: those of a step, or, with None, always the newest."""

        step: int | None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(real=False, id=id)
        self.cursor: int | None = None
        self._feed: RunFeed | None = None
        self._samples: Sequence[StepFile] = ()
        self._film: Timer | None = None
        self._stride = 1
        self._announced: deque[int | None] = deque(maxlen=4)
        self._drawn: StepFile | None = None

    def compose(self) -> ComposeResult:
        yield PartLine()
        yield PicturePair()
        yield Filmstrip()

    # What it shows

    def show(self, feed: RunFeed | None) -> None:
        """Show a run as it stands; None before it is known. Cheap where nothing is new."""
        samples = feed.samples if feed else ()
        if run_of(feed) != run_of(self._feed):
            self.cursor = self._drawn = None
            self.pair.unzoom()
            self._stop_film()
        elif feed and self.cursor is not None and self.cursor > feed.step:
            # The run went back, and the step that was looked at is no more.
            self.cursor = None
        self._feed, self._samples = feed, list(samples)
        self.draw()

    def go_to(self, step: int | None) -> None:
        """Show what the run generated at a step, or follow the newest; tells nobody."""
        # While a film runs, what it said a while ago may come back from who follows it.
        if step == self.cursor or (self._film is not None and step in self._announced):
            return
        self._stop_film()
        self._turn_to(step)

    @property
    def current(self) -> StepFile | None:
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

    def toggle_film(self) -> None:
        """Play the history from here, or from its beginning; or stop that."""
        if self._film is not None:
            self._stop_film()
        elif len(self._samples) > 1:
            rate = min(FILM_RATE, self.app.options.pace.frames_per_second)
            first = 0 if self.cursor is None else self._at
            left = len(self._samples) - first
            self._stride = max(round(left / (rate * FILM_SECONDS)), 1)
            self._put(first)
            self._film = self.set_interval(1.0 / rate, self.advance)
        self.draw()

    def advance(self) -> None:
        """Show the next picture of the film, once the one before has been seen."""
        if self._film is None or self._drawn != self.current or self.app.link_seconds:
            return
        self._put(self._at + self._stride)
        if self.cursor is None:
            self._stop_film()
            self.draw()

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
        self.draw()

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

    # What it looks like

    def draw(self) -> None:
        if not self.is_mounted:
            return
        self._choose()
        self.pair.show(self._fake, self.pictures.beside(self._real_path), self.tone)
        self.query_one(PartLine).show(*self._caption())
        self.query_one(Filmstrip).show(len(self._samples), self._at, self._film is not None)

    def _choose(self) -> None:
        """Draw what is to be shown as soon as it has been read, until then what was before."""
        current = self.current
        self.pictures.want(*self._wishes())
        if current is None or self.pictures.get(current.path) is not None:
            self._drawn = current

    def _wishes(self) -> list[Path]:
        """Return what is to be read: what is shown now, then what may be next."""
        at, film = self._at, self._film is not None
        order = (at, at + self._stride, at + 2 * self._stride) if film else (at, at + 1, at - 1)
        paths = [self._samples[i].path for i in order if 0 <= i < len(self._samples)]
        return [*paths[:1], *([self._real_path] if self._real_path else []), *paths[1:]]

    @property
    def _real_path(self) -> Path | None:
        return self._feed.run.real_samples if self._feed and self.real else None

    @property
    def _fake(self) -> Sheet:
        if self._drawn is None:
            return READING if self._samples else _NONE_YET
        return self.pictures.get(self._drawn.path) or READING

    def _caption(self) -> list[LinePart]:
        if self._drawn is None:
            return [LinePart("samples", "muted")]
        parts = [LinePart(f"step {self._drawn.step:,}", "title", 9)]
        if self._film is not None:
            parts.append(LinePart("film", "good", 8))
        elif self.cursor is None:
            parts.append(LinePart("newest", "text", 8))
        parts.append(LinePart(f"{self._at + 1:,} of {len(self._samples):,}", "muted", 5))
        if zoomed := self.pair.zoomed_words:
            parts.append(LinePart(zoomed, "text", 7))
        else:
            parts.append(LinePart(self.pair.hidden_words, "muted", 4))
            parts.append(LinePart(self.pair.class_words, "muted", 3))
        return [*parts, LinePart(self.tone.words, "muted", 6)]
