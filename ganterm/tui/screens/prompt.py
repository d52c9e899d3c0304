"""One line of text asked for, with what is wrong about it said while it is typed."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from ganterm.errors import GantermError
from ganterm.render.text import safe_text
from ganterm.tui.base import Dialog
from ganterm.tui.widgets.footer import ActionFooter


class PromptScreen(Dialog[str | None]):
    """Asks for a line; the result is the line, or None if it was cancelled."""

    SCOPE = "prompt"
    AUTO_FOCUS = "Input"

    def __init__(
        self, title: str, value: str = "", *, check: Callable[[str], object] | None = None
    ) -> None:
        """Begin with `value`; `check` raises a `GantermError` for a line that will not do."""
        super().__init__()
        self._title, self._value, self._check = title, value, check

    def compose(self) -> ComposeResult:
        """Put the line under its title."""
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._title)), classes="title")
            yield Input(self._value, select_on_focus=False)
            yield Static("", classes="trouble")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button("OK", id="ok", variant="primary")
        yield ActionFooter("prompt")

    @property
    def trouble(self) -> str:
        """What is wrong about the line as it stands, in one sentence; empty if nothing is."""
        line = self.query_one(Input).value.strip()
        try:
            if self._check is not None:
                self._check(line)
        except GantermError as error:
            return safe_text(str(error))
        return ""

    def on_input_changed(self) -> None:
        """Say what is wrong, and offer OK only if nothing is."""
        trouble = self.trouble
        self.query_one(".trouble", Static).update(Content(trouble))
        self.query_one("#ok", Button).disabled = bool(trouble)

    def on_input_submitted(self) -> None:
        """Take the line if it will do."""
        if not self.trouble:
            self.dismiss(self.query_one(Input).value.strip())

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take the line or leave it."""
        if event.button.id == "ok":
            self.on_input_submitted()
        else:
            self.dismiss(None)
