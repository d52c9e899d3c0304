"""Lines of words in tones, as tables and lists of the app are made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from textwrap import wrap
from typing import Final, Literal, NamedTuple, get_args

from rich.cells import cell_len, set_cell_size

from ganterm.render.text import safe_text

LineTone = Literal[
    "heading",
    "heading-focused",
    "sorted",
    "text",
    "strong",
    "muted",
    "accent",
    "button",
    "good",
    "warn",
    "bad",
    "alarm",
    "line",
    "bar",
    "real",
    "run-0",
    "run-1",
    "run-2",
    "run-3",
    "run-4",
    "run-5",
    "run-6",
    "run-7",
]
LINE_TONES: Final[tuple[LineTone, ...]] = get_args(LineTone)


class Piece(NamedTuple):
    """A piece of a line: safe text in a tone. What the tone says, the words say too."""

    text: str
    tone: LineTone = "text"


Line = tuple[Piece, ...]
RUN_TONES: Final[tuple[LineTone, ...]] = LINE_TONES[-8:]
"""The tones of the curves of several runs, in the order of their colours."""


def left(text: str, width: int) -> str:
    """Return safe text in exactly `width` cells, at their left; what is too long ends in `…`."""
    if cell_len(text) > width:
        return set_cell_size(text, max(width - 1, 0)) + "…"[: max(width, 0)]
    return set_cell_size(text, width)


def shortened(text: str, width: int) -> str:
    """Return safe text in at most `width` cells; what is too long ends in `…`."""
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)) + "…"


def right(text: str, width: int) -> str:
    """Return safe text in exactly `width` cells, at their right."""
    return " " * max(width - cell_len(text), 0) + left(text, min(cell_len(text), width))


def clauses(text: str, room: int) -> str:
    """Return as many clauses of `text` as fit, with a sign that there are more; none in part.

    Half a rule of thumb misleads.
    """
    if cell_len(text) <= room:
        return text
    parts = text.split("; ")
    while len(parts) > 1:
        parts.pop()
        if cell_len(begin := "; ".join(parts)) + 3 <= room:
            return f"{begin}; …"
    return ""


@lru_cache(maxsize=2048)
def folded(text: str, width: int, hang: int) -> Sequence[str]:
    """Return safe text in as many lines of `width` cells as it takes, all but the first indented.

    `hang` is how far: the cells before what the first line says.
    """
    # Characters are counted, so that of wide ones only half as many are let into a line.
    room = width if cell_len(text) == len(text) else width // 2
    hang = min(hang, room // 2)
    indent = " " * hang
    return wrap(text, max(room, 2), subsequent_indent=indent, break_on_hyphens=False) or [""]


def wrapped(text: str, width: int, tone: LineTone, *, margin: int = 1) -> list[Line]:
    """Return foreign text in as many lines as it takes at `width` cells, `margin` blank ones."""
    lines: list[str] = []
    for word in safe_text(text).split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width - margin:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return [
        (Piece(" " * margin + left(line, min(cell_len(line), width - margin)), tone),)
        for line in lines
    ]
