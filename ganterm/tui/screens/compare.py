"""Several runs over one another, and where their settings differ."""

from __future__ import annotations

from textual.app import ComposeResult

from ganterm.tui.actions import bindings
from ganterm.tui.screens.base import AppScreen
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.header import Header, Part


class CompareScreen(AppScreen):
    """The runs that were marked."""

    SCOPE = "compare"
    BINDINGS = bindings("compare")

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Header([Part("Compare", "title")])
        yield ActionFooter("compare")

    def action_leave(self) -> None:
        """Go back to the runs."""
        self.ganterm.show_runs()
