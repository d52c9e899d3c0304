"""The help: every action of a screen with its keys, from the table; a click does it."""

from __future__ import annotations

from typing import Final

from rich.table import Table
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ganterm.components.scores import SCORES
from ganterm.core.quantities import QUANTITIES
from ganterm.tui.actions import TITLES as SCREENS
from ganterm.tui.actions import Scope, key_name, offered
from ganterm.tui.base import Dialog
from ganterm.tui.widgets.footer import ActionFooter

_KEYS_WIDTH = 16
_FIGURES: Final = frozenset({"runs", "monitor", "judge", "compare"})
"""Screens with figures, whose names the help explains."""


class HelpScreen(Dialog[None]):
    """What can be done on the screen below."""

    SCOPE = "help"

    def __init__(self, about: Scope) -> None:
        super().__init__()
        self.about: Scope = about

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Static("What the keys do. Enter or a click does it.", id="help-title")
            yield OptionList(*self._options())
        yield ActionFooter("help")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        app = self.app
        scope, _, action = (event.option_id or "").partition(".")
        self.dismiss()
        target = app if scope == "app" else app.screen_stack[-1]
        app.call_later(target.run_action, action)

    def _options(self) -> list[Option]:
        options: list[Option] = []
        heading: Scope | None = None
        for scope, action in offered(self.about):
            if scope != heading:
                heading = scope
                title = Content.styled(SCREENS.get(scope, ""), "bold")
                options.append(Option(title, disabled=True))
            keys = " ".join(key_name(key) for key in action.keys.split(","))
            options.append(Option(_line(keys, action.help), id=f"{scope}.{action.id}"))
        if self.about in _FIGURES:
            title = Content.styled("What the figures say", "bold")
            options.append(Option(title, disabled=True))
            options += [Option(_line(*each), disabled=True) for each in figures()]
        return options


def figures() -> list[tuple[str, str]]:
    """Return what each figure is called on the screens, and what the schema says of it."""
    named = [(each.short, each.help) for each in QUANTITIES.values() if each.alone]
    return [*named, *((facts.title, facts.help) for facts in map(SCORES.facts, SCORES.names))]


def _line(name: str, words: str) -> Table:
    """Return a name before words, which are indented where they take several lines."""
    line = Table.grid(padding=(0, 1), pad_edge=True)
    line.add_column(width=_KEYS_WIDTH, style="bold")
    line.add_column()
    line.add_row(name, words)
    return line
