"""What the command palette offers: every action of the table that fits the screen, and themes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import App, SystemCommand
from textual.screen import Screen

from ganterm.tui import themes
from ganterm.tui.actions import Scope, key_name, offered
from ganterm.tui.base import AppScreen


def offered_commands(app: App[Any], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Yield a command for each action that can be done on `screen` now, and for each theme."""
    scope: Scope = getattr(screen, "SCOPE", "app")
    for of, action in offered(scope):
        target = app if of == "app" else screen
        if of != "app" and isinstance(screen, AppScreen) and not screen.applies(action.id):
            continue
        if action.id != "command_palette" and target.check_action(action.id, ()) is True:
            called = screen.called(action) if isinstance(screen, AppScreen) else action.label
            yield SystemCommand(
                f"{called} ({key_name(action.keys.partition(',')[0])})",
                action.help,
                partial(target.run_action, action.id),
            )
    for palette in themes.PALETTES:
        if palette.name != app.theme:
            yield SystemCommand(
                f"theme {palette.name}",
                f"Use the theme {palette.title}.",
                partial(setattr, app, "theme", palette.name),
            )
