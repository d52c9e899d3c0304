"""What lies over a screen: a question, a line to type, a list to choose from, a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option as ListOption

from ganterm.client.choices import Option
from ganterm.core.errors import GantermError
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
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._question)), classes="title")
            if self._detail:
                yield Static(Content(safe_text(self._detail)), classes="detail")
            with Horizontal(classes="buttons"):
                yield Button(self._no, id="no")
                yield Button(self._yes, id="yes", variant="error")
        yield ActionFooter("confirm")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


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
        trouble = self.trouble
        self.query_one(".trouble", Static).update(Content(trouble))
        self.query_one("#ok", Button).disabled = bool(trouble)

    def on_input_submitted(self) -> None:
        if not self.trouble:
            self.dismiss(self.query_one(Input).value.strip())

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "ok":
            self.on_input_submitted()
        else:
            self.dismiss(None)


class PickerScreen(Dialog[str | None]):
    """Offers `options`; the result is the value chosen, or None if nothing was."""

    SCOPE = "picker"
    CSS_PATH = "picker.tcss"
    AUTO_FOCUS = "OptionList"

    def __init__(self, title: str, options: Sequence[Option], current: str, hint: str = "") -> None:
        super().__init__()
        self._title, self._options, self._current, self._hint = title, options, current, hint

    def compose(self) -> ComposeResult:
        with Vertical(id="picker"):
            yield Static(Content(safe_text(self._title)), id="picker-title")
            yield OptionList(*(ListOption(_words(option)) for option in self._options))
            if self._hint:
                yield Static(Content(safe_text(self._hint)), id="picker-hint")
        yield ActionFooter("picker")

    def on_mount(self) -> None:
        values = [option.value for option in self._options]
        if self._current in values:
            self.query_one(OptionList).highlighted = values.index(self._current)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._options[event.option_index].value)

    def choose(self) -> None:
        """Take what is under the cursor."""
        self.query_one(OptionList).action_select()


def _words(option: Option) -> Content:
    name = Content.styled(safe_text(option.value), "bold")
    aside = Content.styled(f"  {safe_text(option.aside)}" if option.aside else "", "$text-muted")
    about = Content.styled(f"\n  {safe_text(option.about)}" if option.about else "", "")
    return name + aside + about


class CommandScreen(Dialog[None]):
    """Shows a command in full."""

    SCOPE = "command"
    CSS_PATH = "command.tcss"
    AUTO_FOCUS = "TextArea"

    def __init__(self, command: str) -> None:
        super().__init__()
        self.command = command

    def compose(self) -> ComposeResult:
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
