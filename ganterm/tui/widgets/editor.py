"""The widgets that edit one setting, one for each kind of value; each fills one line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from ganterm.core.files import expanded
from ganterm.render.text import safe_text


class PathSuggester(Suggester):
    """Suggests the first folder that goes on as what was typed; the right arrow takes it."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Complete what looks like a path: it has a separator in it."""
        if os.sep not in value:
            return None
        # A folder on a network may take its time.
        return await asyncio.to_thread(complete, value)


def complete(text: str) -> str | None:
    """Return `text` completed to the first folder there is, by name; None without one."""
    head, _, begin = text.rpartition(os.sep)
    try:
        with os.scandir(expanded(f"{head}{os.sep}")) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.name.startswith(begin)
                and (begin or not entry.name.startswith("."))
                and entry.name == safe_text(entry.name)
                and entry.is_dir()
            ]
    except (OSError, ValueError, RuntimeError):
        return None
    return f"{head}{os.sep}{min(names)}" if names else None


@dataclass
class Edited(Message):
    """A setting was given another text."""

    setting: str
    text: str


@dataclass
class Choosing(Message):
    """A person wants to see what there is to choose from."""

    setting: str


class ChoiceEditor(Widget, can_focus=True):
    """One of a few: the arrow keys go through them, a letter jumps, Enter shows them all."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "choice before", show=False),
        Binding("right,space", "turn(1)", "next choice", show=False),
        Binding("enter", "choose", "all choices", show=False),
    ]
    DEFAULT_CLASSES = "editor"

    text: reactive[str] = reactive("")

    def __init__(self, setting: str, choices: Sequence[str], text: str) -> None:
        super().__init__()
        self.setting = setting
        self.choices = tuple(choices)
        self.set_reactive(ChoiceEditor.text, text)

    def show(self, text: str) -> None:
        """Show another text; nobody has typed it."""
        self.text = text

    def action_turn(self, by: int) -> None:
        at = self.choices.index(self.text) if self.text in self.choices else -max(by, 0)
        self.take(self.choices[(at + by) % len(self.choices)])

    def action_choose(self) -> None:
        self.post_message(Choosing(self.setting))

    def on_key(self, event: events.Key) -> None:
        letter = event.character or ""
        if letter.isalnum():
            event.stop()
            self.answer(letter.lower())

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.focus()
        self.point(event.x)

    def answer(self, letter: str) -> None:
        """Jump to the next choice that begins with the letter."""
        at = self.choices.index(self.text) if self.text in self.choices else -1
        following = (*self.choices[at + 1 :], *self.choices[: at + 1])
        found = next((choice for choice in following if choice.startswith(letter)), self.text)
        self.take(found)

    def point(self, x: int) -> None:
        """Turn by the arrows at the ends, or show all choices."""
        if x == 0:
            self.action_turn(-1)
        elif x == self.size.width - 1:
            self.action_turn(1)
        else:
            self.action_choose()

    def take(self, choice: str) -> None:
        """Take a choice as a person does."""
        if choice != self.text:
            self.text = choice
            self.post_message(Edited(self.setting, choice))

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self.rich_style
        left, right = "◂▸" if self.has_focus else "  "
        words = set_cell_size(self.text, max(width - 2, 0))
        return Strip([Segment(f"{left}{words}{right}", style)]).adjust_cell_length(width, style)


class Toggle(ChoiceEditor):
    """On or off."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "turn(1)", "switch", show=False),
        Binding("left", "turn(-1)", "switch", show=False),
    ]

    def __init__(self, setting: str, text: str) -> None:
        super().__init__(setting, ("false", "true"), text)

    def answer(self, letter: str) -> None:
        """Switch on with y or t, off with n or f."""
        self.take({"y": "true", "t": "true", "n": "false", "f": "false"}.get(letter, self.text))

    def point(self, x: int) -> None:
        self.action_turn(1)

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self.rich_style
        words = " ● on" if self.text == "true" else " ○ off"
        return Strip([Segment(words, style)]).adjust_cell_length(width, style)


class TextEditor(Input):
    """A text, checked by its form as it is typed."""

    DEFAULT_CLASSES = "editor"

    def __init__(
        self,
        setting: str,
        text: str,
        *,
        placeholder: str = "",
        listed: bool = False,
        suggester: Suggester | None = None,
    ) -> None:
        """Edit `setting`; `listed` says that there is a list to choose from as well."""
        super().__init__(text, placeholder=placeholder, select_on_focus=False, suggester=suggester)
        self.setting = setting
        self.listed = listed
        self._shown = text

    @property
    def text(self) -> str:
        return self.value

    def show(self, text: str) -> None:
        """Show another text; nobody has typed it."""
        self._shown = text
        self.value = text

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._shown:
            self._shown = event.value
            self.post_message(Edited(self.setting, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.listed:
            self.post_message(Choosing(self.setting))
        else:
            self.screen.focus_next(".editor")


Editor = ChoiceEditor | TextEditor
