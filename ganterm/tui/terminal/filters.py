"""What the terminal cannot show is put into what it can: the last step before a line is painted.

Textual thinks in 24-bit colours and in any character. These filters turn a finished line into 256
or 16 colours, into none, or into ASCII, so that no widget has to know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from io import StringIO
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.color import Color as RichColor
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

PICTURE: Final = " ▀▄█▌▐"
"""What half-block pictures are made of."""
Quantise = Callable[[int], int]
"""Gives the index of the colour that a terminal has for one as 0xRRGGBB."""
StandsOut = Callable[[str], bool]
"""Tells whether a background, as `#rrggbb`, means something, as a cursor's does."""

ASCII: Final = {
    **dict.fromkeys("─━═╌╍┄┅┈┉╴╶╸╺▔▁—–‾⎯", "-"),  # noqa: RUF001
    **dict.fromkeys("│┃║╎╏┆┇┊┋▏▎▍▌▐▕", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰┏┓┗┛╔╗╚╝╠╣╦╩╬╋", "+"),
    **dict.fromkeys("█▓▉▊▋▇▆▅▄▀■▙▛▜▟▚▞", "#"),
    **dict.fromkeys("▃▂▒", "="),
    **dict.fromkeys("░·∙•◦", "."),
    **dict.fromkeys("●◆★✔✓", "*"),
    **dict.fromkeys("○◇◌", "o"),
    **dict.fromkeys("×✗✘", "x"),  # noqa: RUF001
    **dict.fromkeys("→▶►▸❯›", ">"),  # noqa: RUF001
    **dict.fromkeys("←◀◄◂❮‹", "<"),  # noqa: RUF001
    **dict.fromkeys("↑▲▴", "^"),
    **dict.fromkeys("↓▼▾", "v"),
    **dict.fromkeys("…⋯", "~"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("‘’", "'"),  # noqa: RUF001
    **dict.fromkeys("‖⏸", "="),
    "†": "!",
    "µ": "u",
    "\u00a0": " ",
}
"""One ASCII character for each that the app draws with; each fills one cell, as they do."""

_ASCII_TABLE: Final = {ord(character): plain for character, plain in ASCII.items()}


class Safe(LineFilter):
    """Leave out what could steer the terminal, should a foreign string have brought it here."""

    def __init__(self, cleaned: Callable[[str], str]) -> None:
        """Clean each text; what is left out has filled no cell."""
        super().__init__()
        self._cleaned = cleaned

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments, those that control the terminal as they are."""
        return [
            segment
            if segment.control or segment.text.isprintable()
            else Segment(self._cleaned(segment.text), segment.style)
            for segment in segments
        ]


class AsciiOnly(LineFilter):
    """Write every character in ASCII; what has no likeness becomes `?` in each of its cells."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in ASCII, every one as wide as before."""
        return [
            segment
            if segment.text.isascii()
            else Segment(_in_ascii(segment.text, segment.cell_length), segment.style)
            for segment in segments
        ]


class FewColours(LineFilter):
    """Paint with the 256 colours of xterm's palette."""

    def __init__(self, quantise: Quantise) -> None:
        super().__init__()
        self._quantise = quantise
        self._style = lru_cache(maxsize=4096)(self._in_256)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in colours that the terminal has."""
        return [
            Segment(text, self._style(style) if style else style) for text, style, _ in segments
        ]

    def _in_256(self, style: Style) -> Style:
        return style + Style(
            color=_indexed(_hex(style.color), self._quantise),
            bgcolor=_indexed(_hex(style.bgcolor), self._quantise),
        )


class SixteenColours(LineFilter):
    """Paint with the terminal's own 16 colours, which every terminal paints differently.

    Words stand on the terminal's own ground and a cursor is reversed, so that no two of the 16
    ever meet; only pictures choose both colours of a cell.
    """

    def __init__(self, names: Mapping[str, str], quantise: Quantise, stands_out: StandsOut) -> None:
        """Call colours, as `#rrggbb`, by their `names` in 16; `reverse` is what words stand on."""
        super().__init__()
        self._names = names
        self._quantise = quantise
        self._stands_out = stands_out
        self._style = lru_cache(maxsize=4096)(self._in_16)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in colours that the terminal has."""
        return [
            Segment(text, self._style(style, not text.strip(PICTURE)) if style else style)
            for text, style, _ in segments
        ]

    def _in_16(self, style: Style, blocks: bool) -> Style:
        words, ground = _hex(style.color), _hex(style.bgcolor)
        if ground in self._names:
            reverse = self._names[ground] == "reverse"
        elif blocks:
            return style + Style(
                color=_indexed(words, self._quantise), bgcolor=_indexed(ground, self._quantise)
            )
        else:
            reverse = bool(ground) and self._stands_out(ground)
        name = "default" if reverse else self._names.get(words, "default")
        return style + Style(
            color=name if name != "reverse" else "default",
            bgcolor="default",
            reverse=bool(style.reverse) != reverse,
        )


class NoColours(LineFilter):
    """Paint without colours: what stands out by its background is reversed instead."""

    def __init__(self, stands_out: StandsOut) -> None:
        super().__init__()
        self._stands_out = stands_out
        self._style = lru_cache(maxsize=4096)(self._without)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without any colour."""
        return [
            Segment(text, self._style(style) if style else style) for text, style, _ in segments
        ]

    def _without(self, style: Style) -> Style:
        ground = _hex(style.bgcolor)
        reverse = bool(style.reverse) != (bool(ground) and self._stands_out(ground))
        return style + Style(color="default", bgcolor="default", reverse=reverse)


def console() -> Console:
    """Return the console that turns styles into escape sequences, as they are: filters decide."""
    return Console(
        color_system="truecolor",
        file=StringIO(),
        force_terminal=True,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        safe_box=False,
        soft_wrap=False,
    )


def _in_ascii(text: str, cells: int) -> str:
    plain = text.translate(_ASCII_TABLE)
    if not plain.isascii():
        plain = "".join(c if c.isascii() else "?" * cell_len(c) for c in plain)
    return set_cell_size(plain, cells)


def _indexed(colour: str, quantise: Quantise) -> RichColor | None:
    return RichColor.from_ansi(quantise(int(colour[1:], 16))) if colour else None


def _hex(colour: RichColor | None) -> str:
    """Return a colour as `#rrggbb`; empty for none and for the terminal's own."""
    return colour.triplet.hex if colour is not None and colour.triplet is not None else ""
