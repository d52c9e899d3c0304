"""Setting up a new run."""

from __future__ import annotations

from textual.app import ComposeResult

from ganterm.tui.actions import bindings
from ganterm.tui.screens.base import AppScreen
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.header import Header, Part


class SetupScreen(AppScreen):
    """The form of a new run."""

    SCOPE = "setup"
    BINDINGS = bindings("setup")

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Header([Part("New run", "title")])
        yield ActionFooter("setup")

    def action_leave(self) -> None:
        """Go back to the runs."""
        self.ganterm.show_runs()
