"""Screens of several panes: which has the keys, and whether it has all the room."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual import events, on
from textual.widget import Widget

from ganterm.tui.base import AppScreen
from ganterm.tui.widgets.toned import ChoiceLine

Pane = TypeVar("Pane", bound=str)


class PanedScreen(AppScreen, Generic[Pane]):
    """A screen of panes, of which as many are seen as there is room for.

    A pane is the widget with its name for an id; the line `#panes` names them.

    Attributes:
        panes: their names, in the order of the keys. active: the one that has the keys.
        alone: whether it has all the room.
    """

    PANE_WORDS: ClassVar[tuple[str, ...]]
    """What the line calls them."""
    panes: tuple[Pane, ...]

    def __init__(self) -> None:
        super().__init__()
        self.active: Pane = self.panes[0]
        self.alone = False

    def divide(self) -> None:
        raise NotImplementedError

    def name_panes(self) -> ChoiceLine:
        """Bring the line that names the panes up to date, and return it."""
        line = self.query_one("#panes", ChoiceLine)
        line.show(self.PANE_WORDS, self.panes.index(self.active))
        return line

    def on_resize(self, event: events.Resize) -> None:
        self.divide()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        ids = {node.id for node in event.widget.ancestors_with_self}
        for pane in self.panes:
            if pane in ids and pane != self.active:
                self.active = pane
                self.divide()

    @on(ChoiceLine.Chosen, "#panes")
    def _choose_pane(self, event: ChoiceLine.Chosen) -> None:
        self.go_to(self.panes[event.index])

    def go_to(self, pane: Pane) -> None:
        """Show a pane and give it the keys."""
        self.active = pane
        self.divide()
        found = self.query_one(f"#{pane}")
        if found.can_focus:
            found.focus()
        elif inside := [each for each in found.query(Widget) if each.can_focus]:
            inside[0].focus()

    def next_pane(self) -> None:
        self.go_to(self.panes[(self.panes.index(self.active) + 1) % len(self.panes)])

    def previous_pane(self) -> None:
        self.go_to(self.panes[self.panes.index(self.active) - 1])

    def toggle_alone(self) -> None:
        """Give the active pane all the room, or share it again."""
        self.alone = not self.alone
        self.divide()
