"""The help: every action of a screen with its keys, from the table; a click does it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ganterm.tui.actions import TITLES, Action, Scope, bindings, key_name, offered
from ganterm.tui.screens.base import Dialog
from ganterm.tui.widgets.footer import ActionFooter

_KEYS_WIDTH = 14


class HelpScreen(Dialog[None]):
    """What can be done on the screen below."""

    SCOPE = "help"
    BINDINGS = bindings("help")

    def __init__(self, about: Scope) -> None:
        super().__init__()
        self.about: Scope = about

    def compose(self) -> ComposeResult:
        """Put the actions into a list, the screen's own first."""
        with Vertical(id="help"):
            yield Static("What the keys do. Enter or a click does it.", id="help-title")
            yield OptionList(*self._options())
        yield ActionFooter("help")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close the help and do what was chosen."""
        app = self.app
        scope, _, action = (event.option_id or "").partition(".")
        self.dismiss()
        target = app if scope == "app" else app.screen_stack[-1]
        app.call_later(target.run_action, action)

    def action_close(self) -> None:
        """Close the help."""
        self.dismiss()

    def _options(self) -> list[Option]:
        options: list[Option] = []
        heading: Scope | None = None
        for scope, action in offered(self.about):
            if scope != heading:
                heading = scope
                title = Content.styled(TITLES.get(scope, ""), "bold")
                options.append(Option(title, disabled=True))
            options.append(Option(_line(action), id=f"{scope}.{action.id}"))
        return options


def _line(action: Action) -> Content:
    keys = " ".join(key_name(key) for key in action.keys.split(","))
    return Content.assemble((f"  {keys:<{_KEYS_WIDTH}}", "bold"), action.help)
