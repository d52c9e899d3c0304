"""What lies over a screen: a question, a line to type, a list, a command, the help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rich.table import Table
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option as ListOption

from ganterm.client.choices import Option
from ganterm.components.scores import SCORES
from ganterm.core.errors import GantermError
from ganterm.core.quantities import QUANTITIES
from ganterm.render.text import safe_text
from ganterm.tui.actions import TITLES, Scope, key_name, offered
from ganterm.tui.base import Dialog
from ganterm.tui.widgets.footer import ActionFooter


class DialogList(OptionList):
    """A list as tall as its lines are, which are broken beside where a scroll bar may stand."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        beside = width - self.scrollbar_size_vertical
        return super().get_content_height(container, viewport, beside)


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
                yield Static(Content(safe_text(self._detail, newline=True)), classes="hint")
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
    AUTO_FOCUS = "OptionList"

    def __init__(self, title: str, options: Sequence[Option], current: str, hint: str = "") -> None:
        super().__init__()
        self._title, self._options, self._current, self._hint = title, options, current, hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._title)), classes="title")
            yield DialogList(*(ListOption(_words(option)) for option in self._options))
            if self._hint:
                yield Static(Content(safe_text(self._hint)), classes="hint")
        yield ActionFooter("picker")

    def on_mount(self) -> None:
        values = [option.value for option in self._options]
        if self._current in values:
            self.query_one(OptionList).highlighted = values.index(self._current)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._options[event.option_index].value)

    def choose(self) -> None:
        self.query_one(OptionList).action_select()


def _words(option: Option) -> Content:
    name = Content.styled(safe_text(option.value), "bold")
    aside = Content.styled(f"  {safe_text(option.aside)}" if option.aside else "", "$text-muted")
    about = Content.styled(f"\n  {safe_text(option.about)}" if option.about else "", "")
    return name + aside + about


class CommandScreen(Dialog[None]):
    """Shows a command in full."""

    SCOPE = "command"
    AUTO_FOCUS = "#command"

    def __init__(self, command: str) -> None:
        super().__init__()
        self.command = command

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("The same run from a shell:", classes="title")
            with VerticalScroll(id="command"):
                yield Static(Content(self.command))
            hint = (
                "It was sent to the clipboard of your terminal (OSC 52). If that stayed empty: "
                "select it here, with the terminal's own Shift and mouse over tmux or SSH."
            )
            yield Static(Content(hint), classes="hint")
        yield ActionFooter("command")

    def copy_again(self) -> None:
        self.app.copy_to_clipboard(self.command)
        self.app.notify("Copied.", timeout=2)


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
        with Vertical(classes="dialog"):
            yield Static("What the keys do. Enter or a click does it.", classes="title")
            yield DialogList(*self._options())
        yield ActionFooter("help")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        app = self.app
        scope, _, action = (event.option_id or "").partition(".")
        self.dismiss()
        target = app if scope == "app" else app.screen_stack[-1]
        app.call_later(target.run_action, action)

    def _options(self) -> list[ListOption]:
        options: list[ListOption] = []
        heading: Scope | None = None
        for scope, action in offered(self.about):
            if scope != heading:
                heading = scope
                title = Content.styled(TITLES.get(scope, ""), "bold")
                options.append(ListOption(title, disabled=True))
            keys = " ".join(key_name(key) for key in action.keys.split(","))
            options.append(ListOption(_line(keys, action.help), id=f"{scope}.{action.id}"))
        if self.about in _FIGURES:
            title = Content.styled("What the figures say", "bold")
            options.append(ListOption(title, disabled=True))
            options += [ListOption(_line(*each), disabled=True) for each in figures()]
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
