"""A page of character cells with a style each, put together piece by piece."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from ganterm.render.text import cell_width


class Span(NamedTuple):
    """Neighbouring cells of one style; `style` is a name, empty for the terminal's own."""

    text: str
    style: str


class Page:
    """`width` x `height` cells, blank at first; what is put outside of them is left out.

    Attributes:
        chars: what each cell shows, by row. Empty for the second cell of a wide character.
        styles: the name of each cell's style.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.chars = [[" "] * width for _ in range(height)]
        self.styles = [[""] * width for _ in range(height)]

    def put(self, x: int, y: int, char: str, style: str) -> None:
        """Show a character of one cell; a wide one that stood there goes as a whole."""
        if not (0 <= x < self.width and 0 <= y < self.height):
            return
        chars = self.chars[y]
        if not chars[x]:
            chars[x - 1] = " "
        if x + 1 < self.width and not chars[x + 1]:
            chars[x + 1] = " "
        chars[x] = char
        self.styles[y][x] = style

    def write(self, x: int, y: int, text: str, style: str) -> int:
        """Show `text` from cell `x` on, as far as it goes; return the cell after it.

        A wide character that would stick out on the right is left out.
        """
        if not 0 <= y < self.height:
            return x + cell_width(text)
        if text.isascii():
            for offset, char in enumerate(text):
                self.put(x + offset, y, char, style)
            return x + len(text)
        for char in text:
            cells = cell_width(char)
            if cells == 0:
                if 0 < x <= self.width and self.chars[y][x - 1]:
                    self.chars[y][x - 1] += char
            elif x + cells <= self.width:
                self.put(x, y, char, style)
                if cells == 2 and x >= 0:
                    self.put(x + 1, y, " ", style)
                    self.chars[y][x + 1] = ""
            x += cells
        return x

    def spans(self) -> list[list[Span]]:
        """Return the rows, neighbouring cells of one style together."""
        if not self.width:
            return [[] for _ in self.chars]
        return [
            _merged(chars, styles) for chars, styles in zip(self.chars, self.styles, strict=True)
        ]


def _merged(chars: list[str], styles: list[str]) -> list[Span]:
    """Merge a row into spans; blanks without a style join what they lie between if it is alike."""
    borders = [x for x, (left, right) in enumerate(pairwise(styles), 1) if left != right]
    spans: list[Span] = []
    for begin, end in pairwise((0, *borders, len(styles))):
        span = Span("".join(chars[begin:end]), styles[begin])
        if len(spans) > 1 and spans[-2].style == span.style and _is_blank(spans[-1]):
            gap, before = spans.pop(), spans.pop()
            span = Span(before.text + gap.text + span.text, span.style)
        spans.append(span)
    return spans


def _is_blank(span: Span) -> bool:
    return not span.style and span.text.isspace()
