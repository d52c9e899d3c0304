"""A question before something that cannot be taken back."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from ganterm.render.text import safe_text
from ganterm.tui.base import Dialog
from ganterm.tui.widgets.footer import ActionFooter


class ConfirmScreen(Dialog[bool]):
    """Asks `question`; the result is whether the answer was yes. No is what Enter does at first."""

    SCOPE = "confirm"
    AUTO_FOCUS = "#no"

    def __init__(
        self, question: str, detail: str = "", *, yes: str = "Yes", no: str = "No"
    ) -> None:
        super().__init__()
        self._question, self._detail, self._yes, self._no = question, detail, yes, no

    def compose(self) -> ComposeResult:
        """Put the question over its two answers."""
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._question)), classes="title")
            if self._detail:
                yield Static(Content(safe_text(self._detail)), classes="detail")
            with Horizontal(classes="buttons"):
                yield Button(self._no, id="no")
                yield Button(self._yes, id="yes", variant="error")
        yield ActionFooter("confirm")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take the answer."""
        self.dismiss(event.button.id == "yes")
