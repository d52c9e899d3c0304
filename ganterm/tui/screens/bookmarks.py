"""Places that are kept with the run, and the way one came: what there is to go back to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ganterm.core.errors import GantermError
from ganterm.render.text import safe_text
from ganterm.runs import bookmarks
from ganterm.runs.bookmarks import Bookmark
from ganterm.runs.places import LatentPoint
from ganterm.tui.base import AppScreen
from ganterm.tui.explore.exploration import place_words
from ganterm.tui.screens.dialogs import ConfirmScreen, PromptScreen
from ganterm.tui.screens.exploring import ExplorerController
from ganterm.tui.widgets.explorer_panels import PlaceList, PlaceRow


class Bookmarks:
    """Keeps places with the run that is explored, and goes back to them, over a `PlaceList`.

    `shown` returns the place that is seen; None where its image is yet to come.
    """

    def __init__(
        self,
        screen: AppScreen,
        explorer: ExplorerController,
        shown: Callable[[], LatentPoint | None],
    ) -> None:
        self._screen, self._explorer, self._shown = screen, explorer, shown

    @property
    def places(self) -> PlaceList:
        """The list of them."""
        return self._screen.query_one(PlaceList)

    def read(self) -> None:
        """Read those of a run that has come onto the screen."""
        here = self._explorer.exploration
        try:
            here.kept = bookmarks.read_bookmarks(here.run) if here.run else []
        except GantermError as error:
            self._screen.app.say_error(error)
        self._explorer.show()
        self.places.show(self.rows)
        self.places.choose(0)

    def ask(self) -> None:
        """Ask for a name, and keep the place that is seen under it."""
        place, opened = self.lasting_place, self._explorer.exploration.opened
        if place is None or opened is None:
            self._screen.app.say("The image is still being drawn; ask again in a moment.")
            return
        name = place_words(self._shown() or place, opened.classes)
        ask = PromptScreen("Keep this place with the run, under which name?", name)
        self._screen.app.push_screen(ask, partial(self._keep, place, opened.step))

    @property
    def lasting_place(self) -> LatentPoint | None:
        """The place that is seen as its point: directions are others in another generator."""
        place, here = self._shown(), self._explorer.exploration
        if place is None or not place.moves:
            return place
        if here.drawn != place or not here.vector:
            return None
        return replace(place, seed=0, vector=here.vector, moves=())

    def _keep(self, place: LatentPoint, step: int, name: str | None) -> None:
        here = self._explorer.exploration
        if name and here.run is not None:
            try:
                here.kept = bookmarks.keep(here.run, Bookmark(name, place, step))
            except GantermError as error:
                self._screen.app.say_error(error)
            self._explorer.show()

    def delete(self) -> None:
        """Delete the bookmark that is chosen, after a question."""
        mark = self._mark_at(self.places.at)
        if mark is None:
            self._screen.app.say("Choose a bookmark among the places (3) first.")
            return
        ask = ConfirmScreen(
            f"Delete the bookmark {safe_text(mark.name)}?",
            "The place itself can be found again only by chance.",
            yes="Delete",
            no="Keep",
        )
        self._screen.app.push_screen(ask, partial(self._delete, mark))

    def _delete(self, mark: Bookmark, yes: bool | None) -> None:
        here = self._explorer.exploration
        if yes and here.run is not None:
            try:
                here.kept = bookmarks.forget(here.run, mark.name)
            except GantermError as error:
                self._screen.app.say_error(error)
            self._explorer.show()

    @property
    def rows(self) -> list[PlaceRow]:
        """The lines of the list of places: bookmarks, and the way one came, the newest first."""
        here, trail = self._explorer.exploration, self._explorer.exploration.trail
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
        kept = self._explorer.exploration.kept
        return kept[at - 1] if 1 <= at <= len(kept) else None

    def open_chosen(self) -> None:
        """Go to the place that is chosen in the list."""
        here, at = self._explorer.exploration, self.places.at
        if (mark := self._mark_at(at)) is not None:
            here.visit(mark.place)
        else:
            back = at - len(here.kept) - 2
            here.trail.go(len(here.trail.places) - 1 - back)
            here.showing = "place"
        self._explorer.draw()
