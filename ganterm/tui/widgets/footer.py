"""The last line of every screen: what can be done here, as many actions as fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.widgets import Input

from ganterm.tui.actions import TABLE, Action, Scope, is_typed, key_name, offered
from ganterm.tui.base import AppScreen
from ganterm.tui.lines import Line, Piece
from ganterm.tui.widgets.toned import TonedLine

_OF_FIELDS: Final = frozenset(
    key for bound in Input.BINDINGS if isinstance(bound, Binding) for key in bound.key.split(",")
)
"""Keys that a field has a use of its own for."""


@dataclass(frozen=True)
class _Button:
    begin: int
    end: int
    action: str


class ActionFooter(TonedLine):
    """Keys and names of a screen's most used actions; each is a button for the mouse.

    What a narrow screen has no room for goes in the order of the table's ranks, the app's own
    last of all. While a field is typed into, only keys stand there that work in it.
    """

    DEFAULT_CSS = """
    ActionFooter {
        dock: bottom;
        background: $panel;
    }
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope: Scope = scope
        self._buttons: list[_Button] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self.refresh())

    def line(self, y: int) -> Line:
        pieces, self._buttons, at = [Piece(" ")], [], 1
        for scope, action in self.offered(self.size.width - 1):
            allowed = self._allowed(scope, action)
            name, words = self.words(action)
            pieces.append(Piece(name, "accent" if allowed else "muted"))
            pieces.append(Piece(f" {words}  ", "text" if allowed else "muted"))
            end = at + cell_len(name) + cell_len(words) + 1
            if allowed:
                prefix = "app" if scope == "app" else "screen"
                self._buttons.append(_Button(at, end, f"{prefix}.{action.id}"))
            at = end + 2
        return tuple(pieces)

    def offered(self, width: int) -> list[tuple[Scope, Action]]:
        """Return the actions that are shown in `width` cells, in their order."""
        return self._fitting([pair for pair in offered(self.scope) if self.applies(*pair)], width)

    def applies(self, scope: Scope, action: Action) -> bool:
        screen = self.screen
        if not self._key(action):
            return False
        return scope == "app" or not isinstance(screen, AppScreen) or screen.applies(action.id)

    def words(self, action: Action) -> tuple[str, str]:
        """Return the key that does an action now, and what it is called now."""
        screen = self.screen
        called = screen.called(action) if isinstance(screen, AppScreen) else action.label
        return key_name(self._key(action)), called

    def width_of(self, pair: tuple[Scope, Action]) -> int:
        """Return the cells that an action takes, with the gap after it."""
        return sum(map(cell_len, self.words(pair[1]))) + 3

    def _key(self, action: Action) -> str:
        """Return the first of its keys that works; empty where a field takes all of them."""
        keys = action.keys.split(",")
        if action.priority or not isinstance(self.screen.focused, Input):
            return keys[0]
        return next((key for key in keys if not is_typed(key) and key not in _OF_FIELDS), "")

    async def on_click(self, event: events.Click) -> None:
        for button in self._buttons:
            if button.begin <= event.x < button.end:
                event.stop()
                await self.run_action(button.action)

    def _fitting(self, pairs: list[tuple[Scope, Action]], width: int) -> list[tuple[Scope, Action]]:
        """Return what fits into `width` cells in order of rank; help and the way out always do."""
        ranked = sorted((pair for pair in pairs if pair[1].rank), key=lambda p: p[1].rank)
        own = [pair for pair in ranked if pair[0] != "app"]
        last = [pair for pair in ranked if pair[0] == "app"]
        while own and sum(map(self.width_of, own + last)) - 2 > width:
            # The way back is worth more than the last of the others.
            own.pop(-2 if len(own) > 1 and own[-1][1].rank >= 80 else -1)
        while len(last) > 1 and sum(map(self.width_of, own + last)) - 2 > width:
            last.pop()
        return own + last

    def _allowed(self, scope: Scope, action: Action) -> bool:
        node = self.app if scope == "app" else self.screen
        return node.check_action(action.id, ()) is True


class ActionBar(ActionFooter):
    """Shows the named actions of a scope, as many as fit."""

    DEFAULT_CSS = """
    ActionBar {
        dock: none;
        background: $surface;
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
