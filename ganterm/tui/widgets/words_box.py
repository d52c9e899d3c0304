"""Words in a box of a fixed size, which can change without anything else being laid out anew."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


class WordsBox(Widget, can_focus=False):
    """Shows words, wrapped; what the box has no room for is cut off."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.words = Content("")

    def say(self, words: Content) -> None:
        """Show other words; the same ones are not painted again."""
        if words != self.words:
            self.words = words
            self.refresh()

    def render(self) -> Content:
        """Return the words."""
        return self.words
