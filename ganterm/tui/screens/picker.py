"""A list to choose one thing from, with a word on each."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option as ListOption

from ganterm.render.text import safe_text
from ganterm.tui.base import Dialog
from ganterm.tui.choices import Option
from ganterm.tui.widgets.footer import ActionFooter


class PickerScreen(Dialog[str | None]):
    """Offers `options`; the result is the value chosen, or None if nothing was."""

    SCOPE = "picker"
    CSS_PATH = "picker.tcss"
    AUTO_FOCUS = "OptionList"

    def __init__(self, title: str, options: Sequence[Option], current: str, hint: str = "") -> None:
        super().__init__()
        self._title, self._options, self._current, self._hint = title, options, current, hint

    def compose(self) -> ComposeResult:
        """Put the options under their title."""
        with Vertical(id="picker"):
            yield Static(Content(safe_text(self._title)), id="picker-title")
            yield OptionList(*(ListOption(_words(option)) for option in self._options))
            if self._hint:
                yield Static(Content(safe_text(self._hint)), id="picker-hint")
        yield ActionFooter("picker")

    def on_mount(self) -> None:
        """Begin at what is chosen now."""
        values = [option.value for option in self._options]
        if self._current in values:
            self.query_one(OptionList).highlighted = values.index(self._current)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take what was chosen."""
        self.dismiss(self._options[event.option_index].value)

    def choose(self) -> None:
        """Take what is under the cursor."""
        self.query_one(OptionList).action_select()


def _words(option: Option) -> Content:
    name = Content.styled(safe_text(option.value), "bold")
    aside = Content.styled(f"  {safe_text(option.aside)}" if option.aside else "", "$text-muted")
    about = Content.styled(f"\n  {safe_text(option.about)}" if option.about else "", "")
    return name + aside + about
