"""Places that are picked as ends of a walk, walked between, kept, and gone back to."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from textual import on
from textual.timer import Timer

from ganterm.errors import GantermError
from ganterm.render.raster import Raster
from ganterm.render.text import safe_text
from ganterm.runs import bookmarks
from ganterm.runs.bookmarks import Bookmark
from ganterm.runs.layout import RunDir
from ganterm.runs.places import Place
from ganterm.tui.explore.exploration import LONG_WALK_STEP, WALK_STEP, Pick
from ganterm.tui.explore.words import place_words
from ganterm.tui.screens.confirm import ConfirmScreen
from ganterm.tui.screens.exploring import ExploringScreen
from ganterm.tui.screens.prompt import PromptScreen
from ganterm.tui.widgets.place_list import PlaceList, PlaceRow
from ganterm.tui.widgets.sliders import Sliders

_FRAME: Final = 0.02
"""Share of the way that one frame of a walk that is played goes."""


class KeepingScreen(ExploringScreen):
    """A screen on which places are remembered."""

    def __init__(self) -> None:
        super().__init__()
        self._player: Timer | None = None
        self._onward = 1

    # A, B and the way between

    def pick_a(self) -> None:
        """Begin the walk where one is."""
        self.exploration.a = self._picked() or self.exploration.a
        self._after_pick()

    def pick_b(self) -> None:
        """End the walk where one is."""
        self.exploration.b = self._picked() or self.exploration.b
        self._after_pick()

    def _picked(self) -> Pick | None:
        """Return what is seen as an end; of a walk, where on it one is."""
        place, image = self.shown_place, self.shown_image
        if place is None or image is None:
            self.app.say("There is no image yet that could be picked.")
            return None
        return Pick(place, image)

    def _after_pick(self) -> None:
        if self.exploration.showing == "walk":
            self.draw()
        self.show()

    @property
    def shown_image(self) -> Raster | None:
        """The image that is seen."""
        return self.exploration.image

    @property
    def shown_place(self) -> Place | None:
        """The place whose image is seen; None where the image is yet to come."""
        scene = self.exploration.scene
        if isinstance(scene, Place):
            return scene
        here = self.exploration
        if here.drawn != scene or not here.vector:
            return None
        label = here.a.place.label if here.a else None
        if here.at >= 0.5 and here.b:
            label = here.b.place.label
        return Place(vector=here.vector, label=label)

    def walk(self, by: int, *, far: bool) -> None:
        """Go a step from A to B, or a long one."""
        if self.exploration.walk(by * (LONG_WALK_STEP if far else WALK_STEP)):
            self.draw()
        else:
            self.app.say("Pick two places first: a takes the present one as A, b as B.")

    @on(Sliders.Moved, "#way")
    def _walk_to(self, event: Sliders.Moved) -> None:
        if self.exploration.walk_to((event.value + 1) / 2):
            self.draw()

    @on(Sliders.Turned, "#way")
    def _walk_on(self, event: Sliders.Turned) -> None:
        if event.by:
            self.walk(event.by, far=False)

    def next_way(self) -> None:
        """Go along the other way, or mix by layers where the generator has styles."""
        self.exploration.next_way()
        if self.exploration.walk_on:
            self.draw()
        self.show()

    @property
    def plays(self) -> bool:
        """Whether the walk is going by itself."""
        return self._player is not None

    def play(self) -> None:
        """Let the walk go to and fro by itself, or stop it."""
        if self._player is not None:
            self.stop_playing()
        elif self.exploration.walk_on:
            pace = self.app.options.pace.frames_per_second
            self._player = self.set_interval(1 / pace, self._play_on)
        else:
            self.walk(0, far=False)

    def stop_playing(self) -> None:
        """Stop the walk where it is."""
        if self._player is not None:
            self._player.stop()
            self._player = None

    def _play_on(self) -> None:
        if self.app.link_seconds or not self.is_current:
            return
        here = self.exploration
        if here.showing != "walk":
            self.stop_playing()
            return
        if here.crossover is not None and here.opened:
            if not 0 <= here.crossover + self._onward <= here.opened.layers:
                self._onward = -self._onward
            here.walk(self._onward)
        else:
            if not 0 <= here.at + self._onward * _FRAME <= 1:
                self._onward = -self._onward
            here.walk(self._onward * _FRAME)
        self.draw()

    # Bookmarks and the way one came

    def explore(self, run: RunDir) -> None:
        """Begin with a run and its bookmarks, unless it is explored already."""
        before = self.exploration
        super().explore(run)
        if self.exploration is not before:
            try:
                self.exploration.kept = bookmarks.read_bookmarks(run)
            except GantermError as error:
                self.app.say_error(error)
            self.show()
            self.places.show(self.rows)
            self.places.choose(0)

    def ask_for_bookmark(self) -> None:
        """Ask for a name, and keep the place that is seen under it."""
        place, opened = self.lasting_place, self.exploration.opened
        if place is None or opened is None:
            self.app.say("The image is still being drawn; ask again in a moment.")
            return
        name = place_words(self.shown_place or place, opened.classes)
        ask = PromptScreen("Keep this place with the run, under which name?", name)
        self.app.push_screen(ask, partial(self._keep, place, opened.step))

    @property
    def lasting_place(self) -> Place | None:
        """The place that is seen as its point: directions are others in another generator."""
        place = self.shown_place
        if place is None or not place.moves:
            return place
        if self.exploration.drawn != place or not self.exploration.vector:
            return None
        return replace(place, seed=0, vector=self.exploration.vector, moves=())

    def _keep(self, place: Place, step: int, name: str | None) -> None:
        here = self.exploration
        if name and here.run is not None:
            try:
                here.kept = bookmarks.keep(here.run, Bookmark(name, place, step))
            except GantermError as error:
                self.app.say_error(error)
            self.show()

    def forget(self) -> None:
        """Delete the bookmark that is chosen, after a question."""
        mark = self._mark_at(self.places.at)
        if mark is None:
            self.app.say("Choose a bookmark among the places (3) first.")
            return
        ask = ConfirmScreen(
            f"Delete the bookmark {safe_text(mark.name)}?",
            "The place itself can be found again only by chance.",
            yes="Delete",
            no="Keep",
        )
        self.app.push_screen(ask, partial(self._forget, mark))

    def _forget(self, mark: Bookmark, yes: bool | None) -> None:
        here = self.exploration
        if yes and here.run is not None:
            try:
                here.kept = bookmarks.forget(here.run, mark.name)
            except GantermError as error:
                self.app.say_error(error)
            self.show()

    @property
    def rows(self) -> list[PlaceRow]:
        """The lines of the list of places: bookmarks, and the way one came, the newest first."""
        here, trail = self.exploration, self.exploration.trail
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
        kept = self.exploration.kept
        return kept[at - 1] if 1 <= at <= len(kept) else None

    def open_chosen(self) -> None:
        """Go to the place that is chosen in the list."""
        at = self.places.at
        if (mark := self._mark_at(at)) is not None:
            self.exploration.visit(mark.place)
        else:
            back = at - len(self.exploration.kept) - 2
            self.exploration.trail.go(len(self.exploration.trail.places) - 1 - back)
            self.exploration.showing = "place"
        self.draw()

    @on(PlaceList.Opened)
    def _open_clicked(self) -> None:
        self.open_chosen()
