"""One line of parts, each in its tone; a narrow line keeps the dearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rich.cells import cell_len

from ganterm.render.text import safe_text
from ganterm.tui.lines import Line, LineTone, Piece, shortened
from ganterm.tui.widgets.toned import TonedLine

Tone = Literal["title", "text", "muted", "good", "warn", "bad"]


@dataclass(frozen=True)
class LinePart:
    """A piece of the line.

    Attributes:
        text: foreign text is fine.
        tone: how it is painted; the words must say the same.
        keep: how dearly it is kept where the line is too narrow; the lowest goes first.
    """

    text: str
    tone: Tone = "text"
    keep: int = 0


_TONES: Final[dict[Tone, LineTone]] = {
    "title": "accent",
    "text": "text",
    "muted": "muted",
    "good": "good",
    "warn": "warn",
    "bad": "alarm",
}


class PartLine(TonedLine):
    """One line of parts; those that are kept least dearly leave a narrow one."""

    DEFAULT_CSS = """
    PartLine { background: $surface; }
    """

    def __init__(self, parts: Sequence[LinePart] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._parts = tuple(parts)

    @property
    def text(self) -> str:
        """The whole line, whatever the width."""
        return "  ".join(safe_text(part.text) for part in self._parts)

    def show(self, *parts: LinePart) -> None:
        """Show other parts; an unchanged line is not painted again."""
        parts = tuple(part for part in parts if part.text)
        if parts != self._parts:
            self._parts = parts
            self.refresh()

    def line(self, y: int) -> Line:
        room, pieces = self.size.width - 1, [Piece(" ")]
        for part in _fitting(self._parts, room):
            text = shortened(safe_text(part.text), room)
            pieces += [Piece(text, _TONES[part.tone]), Piece("  ")]
            room -= cell_len(text) + 2
        return tuple(pieces)


def _fitting(parts: Sequence[LinePart], width: int) -> list[LinePart]:
    kept = list(parts)
    while len(kept) > 1 and sum(cell_len(part.text) + 2 for part in kept) - 2 > width:
        kept.remove(min(reversed(kept), key=lambda part: part.keep))
    return kept


class Header(PartLine):
    """One line of parts; those that are kept least dearly leave a narrow screen."""

    DEFAULT_CSS = """
    Header {
        dock: top;
        background: $panel;
    }
    """
