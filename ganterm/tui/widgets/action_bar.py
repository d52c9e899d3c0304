"""A line of buttons: some actions of the screen, at hand where they belong."""

from __future__ import annotations

from collections.abc import Sequence

from ganterm.tui.actions import TABLE, Action, Scope
from ganterm.tui.widgets.footer import ActionFooter


class ActionBar(ActionFooter, can_focus=False):
    """Shows the named actions of a scope, as many as fit."""

    DEFAULT_CSS = """
    ActionBar {
        dock: none;
        background: $surface;
        & > .footer--key { background: $surface; }
        & > .footer--label { background: $surface; }
        & > .footer--off { background: $surface; }
    }
    """

    def __init__(self, scope: Scope, actions: Sequence[str]) -> None:
        super().__init__(scope)
        by_name = {action.id: action for action in TABLE[scope]}
        self._actions = [by_name[name] for name in actions]

    def offered(self, width: int) -> list[tuple[Scope, Action]]:
        """Return the actions that fit into `width` cells."""
        pairs = [(self.scope, action) for action in self._actions]
        shown = [pair for pair in pairs if self.applies(*pair)]
        while shown and sum(map(self.width_of, shown)) - 2 > width:
            shown.pop()
        return shown
