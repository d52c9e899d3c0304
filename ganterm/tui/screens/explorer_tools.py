"""What one has in hand in the explorer: two places to walk between, bookmarks, a pen."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from textual.timer import Timer

from ganterm.core.errors import GantermError
from ganterm.render.text import safe_text
from ganterm.runs import bookmarks
from ganterm.runs.bookmarks import Bookmark
from ganterm.runs.places import LatentPoint
from ganterm.tui.base import AppScreen
from ganterm.tui.explore.exploration import (
    LONG_WALK_STEP,
    WALK_STEP,
    Exploration,
    Pick,
    place_words,
)
from ganterm.tui.explore.process import Message, images_of
from ganterm.tui.screens.dialogs import ConfirmScreen, PromptScreen
from ganterm.tui.screens.exploring import ExplorerController
from ganterm.tui.widgets.explorer_panels import PlaceList, PlaceRow

_FRAME: Final = 0.02
"""Share of the way that one frame of a walk that is played goes."""


class ExplorerTool:
    """Does something to what is explored on a screen."""

    def __init__(self, screen: AppScreen, explorer: ExplorerController) -> None:
        self._screen, self._explorer = screen, explorer

    @property
    def here(self) -> Exploration:
        return self._explorer.exploration


class Walking(ExplorerTool):
    """Picks places as A and B, and goes from one to the other."""

    _player: Timer | None = None
    _onward = 1

    def pick(self, end: str) -> None:
        """Take what is seen as the end `a` or `b`."""
        place, image = self._explorer.seen()
        if place is None or image is None:
            self._screen.app.say("There is no image yet that could be picked.")
        elif end == "a":
            self.here.a = Pick(place, image)
        else:
            self.here.b = Pick(place, image)
        if self.here.showing == "walk":
            self._explorer.draw()
        self._explorer.show()

    def walk(self, by: int, *, far: bool = False) -> None:
        """Go a step from A to B, or a long one."""
        if self.here.walk(by * (LONG_WALK_STEP if far else WALK_STEP)):
            self._explorer.draw()
        else:
            self._screen.app.say("Pick two places first: a takes the present one as A, b as B.")

    def walk_to(self, share: float) -> None:
        if self.here.walk_to(share):
            self._explorer.draw()

    def next_way(self) -> None:
        """Go along the other way, or mix by layers where the generator has styles."""
        self.here.next_way()
        if self.here.walk_on:
            self._explorer.draw()
        self._explorer.show()

    @property
    def plays(self) -> bool:
        return self._player is not None

    def play(self) -> None:
        """Let the walk go to and fro by itself, or stop it."""
        if self._player is not None:
            self.stop()
        elif self.here.walk_on:
            pace = self._screen.app.options.pace.frames_per_second
            self._player = self._screen.set_interval(1 / pace, self.advance)
        else:
            self.walk(0)

    def stop(self) -> None:
        if self._player is not None:
            self._player.stop()
            self._player = None

    def advance(self) -> None:
        """Go on by a frame, once the one before has been seen."""
        if self._screen.app.link_seconds or not self._screen.is_current:
            return
        here = self.here
        if here.showing != "walk":
            self.stop()
            return
        at, step, end = here.at, _FRAME, 1.0
        if here.crossover is not None and here.opened:
            at, step, end = here.crossover, 1, here.opened.layers
        if not 0 <= at + self._onward * step <= end:
            self._onward = -self._onward
        here.walk(self._onward * step)
        self._explorer.draw()


class Bookmarks(ExplorerTool):
    """Keeps places with the run, and goes back to them, over a `PlaceList`."""

    @property
    def places(self) -> PlaceList:
        return self._screen.query_one(PlaceList)

    def read(self) -> None:
        """Read those of a run that has come onto the screen."""
        self._have(lambda: bookmarks.read_bookmarks(self.here.run) if self.here.run else [])
        self.places.show(self.rows)
        self.places.choose(0)

    def _have(self, kept: Callable[[], list[Bookmark]]) -> None:
        """Show what is kept now; where that cannot be, it is said."""
        try:
            self.here.kept = kept()
        except GantermError as error:
            self._screen.app.say_error(error)
        self._explorer.show()

    def ask(self) -> None:
        """Ask for a name, and keep the place that is seen under it."""
        place, opened = self._lasting_place, self.here.opened
        if place is None or opened is None:
            self._screen.app.say("The image is still being drawn; ask again in a moment.")
            return
        name = place_words(self._explorer.seen()[0] or place, opened.classes)
        ask = PromptScreen("Keep this place with the run, under which name?", name)
        self._screen.app.ask(ask, partial(self._keep, place, opened.step))

    @property
    def _lasting_place(self) -> LatentPoint | None:
        """The place that is seen as its point: directions are others in another generator."""
        place, here = self._explorer.seen()[0], self.here
        if place is None or not place.moves:
            return place
        if here.drawn != place or not here.vector:
            return None
        return replace(place, seed=0, vector=here.vector, moves=())

    def _keep(self, place: LatentPoint, step: int, name: str) -> None:
        run = self.here.run
        if name and run is not None:
            self._have(lambda: bookmarks.keep(run, Bookmark(name, place, step)))

    def delete(self) -> None:
        """Delete the bookmark that is chosen, after a question."""
        mark, run = self._mark_at(self.places.at), self.here.run
        if mark is None or run is None:
            self._screen.app.say("Choose a bookmark among the places (3) first.")
            return
        ask = ConfirmScreen(
            f"Delete the bookmark {safe_text(mark.name)}?",
            "The place itself can be found again only by chance.",
            yes="Delete",
            no="Keep",
        )
        self._screen.app.ask(ask, lambda _yes: self._have(lambda: bookmarks.forget(run, mark.name)))

    @property
    def rows(self) -> list[PlaceRow]:
        """The lines of the list of places: bookmarks, and the way one came, the newest first."""
        here, trail = self.here, self.here.trail
        classes = here.opened.classes if here.opened else ()
        kept = [
            PlaceRow(safe_text(each.name), f"step {each.step:,}", here=each.place == here.place)
            for each in here.kept
        ]
        seen = [
            PlaceRow(place_words(place, classes), here=at == trail.at)
            for at, place in enumerate(trail.places)
        ]
        return [
            PlaceRow("bookmarks" if kept else "no bookmarks yet: m keeps a place", heading=True),
            *kept,
            PlaceRow("the way you came, newest first", heading=True),
            *reversed(seen),
        ]

    def _mark_at(self, at: int) -> Bookmark | None:
        return self.here.kept[at - 1] if 1 <= at <= len(self.here.kept) else None

    def open_chosen(self) -> None:
        """Go to the place that is chosen in the list."""
        here, at = self.here, self.places.at
        if (mark := self._mark_at(at)) is not None:
            here.visit(mark.place)
        else:
            back = at - len(here.kept) - 2
            here.trail.go(len(here.trail.places) - 1 - back)
            here.showing = "place"
        self._explorer.draw()


class Sketching(ExplorerTool):
    """Draws on the pad of what is explored, and has the nearest image searched."""

    def prepare(self) -> None:
        """Have the search ready before something is drawn."""
        if self.here.opened:
            self._explorer.process.ask("prepare", lambda _ready: None)
            self.resume()

    def resume(self) -> None:
        """Search for what is on the pad, unless that was found in this generator before."""
        pad = self.here.pad
        if not pad.empty and pad.ink != self.here.sought:
            self.search()

    def search(self) -> None:
        """Search for the image that is nearest to what is drawn; an earlier search ends."""
        ink = self.here.pad.ink
        if self.here.opened is None:
            self._explorer.draw()
        elif self.here.pad.empty:
            self.here.find_nothing()
        else:
            pixels = base64.b64encode(ink).decode()
            self._explorer.process.ask("sketch", partial(self._found, ink), pixels=pixels)
        self._explorer.show()

    def _found(self, ink: bytes, answer: Message) -> None:
        here, images = self.here, images_of(answer)
        if not images or here.pad.empty:
            return
        here.nearest = images[0]
        here.found = LatentPoint(vector=str(answer["vector"]), label=answer["label"])
        steps = f"step {answer['step']} of {answer['steps']}"
        going = f", {steps} …" if answer.get("going") else ""
        here.searched = f"error {float(answer['distance']):.4f}{going}"
        here.sought = b"" if going else ink
        self._explorer.show()

    def move(self, dx: int, dy: int) -> None:
        if self.here.pad.move(dx, dy):
            self.search()
        else:
            self._explorer.show()

    def press(self) -> None:
        self.here.pad.press()
        self.search()

    def turn_pen(self) -> None:
        self.here.pad.rubber = not self.here.pad.rubber
        self._explorer.show()

    def clear(self) -> None:
        self.here.pad.clear()
        self.search()

    def undo(self) -> None:
        if self.here.pad.undo():
            self.search()
