"""One line of parts, each in its tone; a narrow line keeps the dearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from ganterm.render.text import safe_text

Tone = Literal["title", "text", "muted", "good", "warn", "bad"]


@dataclass(frozen=True)
class Part:
    """A piece of the line.

    Attributes:
        text: foreign text is fine.
        tone: how it is painted; the words must say the same.
        keep: how dearly it is kept where the line is too narrow; the lowest goes first.
    """

    text: str
    tone: Tone = "text"
    keep: int = 0


class PartLine(Widget, can_focus=False):
    """One line of parts; those that are kept least dearly leave a narrow one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "part--title",
        "part--text",
        "part--muted",
        "part--good",
        "part--warn",
        "part--bad",
    }
    DEFAULT_CSS = """
    PartLine {
        height: 1;
        background: $surface;
        & > .part--title { color: $accent; text-style: bold; }
        & > .part--text { color: $text; }
        & > .part--muted { color: $text-muted; }
        & > .part--good { color: $text-success; }
        & > .part--warn { color: $text-warning; }
        & > .part--bad { color: $text-error; text-style: bold; }
    }
    """

    def __init__(self, parts: Sequence[Part] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._parts = tuple(parts)

    @property
    def text(self) -> str:
        """The whole line, whatever the width."""
        return "  ".join(safe_text(part.text) for part in self._parts)

    def show(self, *parts: Part) -> None:
        """Show other parts; an unchanged line is not painted again."""
        parts = tuple(part for part in parts if part.text)
        if parts != self._parts:
            self._parts = parts
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        styles = {
            part.tone: self.get_component_rich_style(f"part--{part.tone}")
            for part in (Part(""), *self._parts)
        }
        segments = [Segment(" ", styles["text"])]
        room = width - 1
        for part in _fitting(self._parts, room):
            text = safe_text(part.text)
            text = text if cell_len(text) <= room else set_cell_size(text, max(room - 1, 0)) + "…"
            segments += [Segment(text, styles[part.tone]), Segment("  ", styles["text"])]
            room -= cell_len(text) + 2
        return Strip(segments).adjust_cell_length(width, styles["text"])


def _fitting(parts: Sequence[Part], width: int) -> list[Part]:
    kept = list(parts)
    while len(kept) > 1 and sum(cell_len(part.text) + 2 for part in kept) - 2 > width:
        kept.remove(min(reversed(kept), key=lambda part: part.keep))
    return kept


class Header(PartLine, can_focus=False):
    """One line of parts; those that are kept least dearly leave a narrow screen."""

    DEFAULT_CSS = """
    Header {
        dock: top;
        background: $panel;
    }
    """
