"""The places that were seen, one after another, to go back to."""

from __future__ import annotations

from typing import Final

from ganterm.runs.places import Place

KEPT: Final = 500


class Trail:
    """Places in the order of their visits; one of them is where one is."""

    def __init__(self, first: Place) -> None:
        self._places = [first]
        self._at = 0
        self._doing = ""

    @property
    def place(self) -> Place:
        """Where one is."""
        return self._places[self._at]

    @property
    def places(self) -> tuple[Place, ...]:
        """All of them, the first first."""
        return tuple(self._places)

    @property
    def at(self) -> int:
        """Which of them one is at."""
        return self._at

    @property
    def can_undo(self) -> bool:
        """Whether there is a place before."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a place after."""
        return self._at < len(self._places) - 1

    def visit(self, place: Place, doing: str = "") -> None:
        """Go to a place; what came after the present one is forgotten.

        Steps of one and the same `doing`, as of one slider, become one place.
        """
        if place == self.place:
            return
        kept = self._places[: self._at + 1]
        if doing and doing == self._doing and len(kept) > 1:
            kept = kept[:-1]
        self._places = [*kept, place][-KEPT:]
        self._at = len(self._places) - 1
        self._doing = doing

    def undo(self) -> bool:
        """Go to the place before; tell whether there was one."""
        return self.go(self._at - 1)

    def redo(self) -> bool:
        """Go to the place after; tell whether there was one."""
        return self.go(self._at + 1)

    def go(self, at: int) -> bool:
        """Go to a place by its number; tell whether there is such a one."""
        if not 0 <= at < len(self._places):
            return False
        self._at = at
        self._doing = ""
        return True
