"""The command that does what the form would, to copy or to select."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea

from ganterm.tui.base import Dialog
from ganterm.tui.widgets.footer import ActionFooter


class CommandScreen(Dialog[None]):
    """Shows a command in full."""

    SCOPE = "command"
    CSS_PATH = "command.tcss"
    AUTO_FOCUS = "TextArea"

    def __init__(self, command: str) -> None:
        super().__init__()
        self.command = command

    def compose(self) -> ComposeResult:
        """Put the command where it can be selected, too."""
        with Vertical(id="command"):
            yield Static("The same run from a shell:", id="command-title")
            yield TextArea(self.command, read_only=True, soft_wrap=True, show_line_numbers=False)
            hint = (
                "It was sent to the clipboard of your terminal (OSC 52). If that stayed empty: "
                "select it here, with the terminal's own Shift and mouse over tmux or SSH."
            )
            yield Static(Content(hint), id="command-hint")
        yield ActionFooter("command")

    def copy_again(self) -> None:
        """Send the command to the terminal's clipboard again."""
        self.app.copy_to_clipboard(self.command)
        self.app.notify("Copied.", timeout=2)
