"""What the terminal cannot show is put into what it can: the last step before a line is painted.

Textual thinks in 24-bit colours and in any character. These filters turn a finished line into 256
or 16 colours, into none, or into ASCII, so that no widget has to know.
"""

from __future__ import annotations

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

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.palette import index
from ganterm.tui.themes import Palette, contrast

PICTURE: Final = " ▀▄█▌▐"
"""What half-block pictures are made of."""
STANDS_OUT: Final = 1.6
"""Contrast of a background with the screen's from which it means something, as a cursor does."""

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

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in colours that the terminal has."""
        return [Segment(text, _in_256(style) if style else style) for text, style, _ in segments]


class SixteenColours(LineFilter):
    """Paint with the terminal's own 16 colours, which every terminal paints differently.

    Words stand on the terminal's own ground and a cursor is reversed, so that no two of the 16
    ever meet; only pictures choose both colours of a cell.
    """

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._ground = palette.background
        self._names = _names_in_16(palette)
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
            return style + Style(color=_indexed(words, 16), bgcolor=_indexed(ground, 16))
        else:
            reverse = _stands_out(ground, self._ground)
        name = "default" if reverse else self._names.get(words, "default")
        return style + Style(
            color=name if name != "reverse" else "default",
            bgcolor="default",
            reverse=bool(style.reverse) != reverse,
        )


class NoColours(LineFilter):
    """Paint without colours: what stands out by its background is reversed instead."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._ground = palette.background
        self._style = lru_cache(maxsize=4096)(self._without)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without any colour."""
        return [
            Segment(text, self._style(style) if style else style) for text, style, _ in segments
        ]

    def _without(self, style: Style) -> Style:
        reverse = bool(style.reverse) != _stands_out(_hex(style.bgcolor), self._ground)
        return style + Style(color="default", bgcolor="default", reverse=reverse)


def filters_for(canvas: Canvas, palette: Palette) -> list[LineFilter]:
    """Return what lines must pass before they are painted on `canvas`, in this order."""
    filters: list[LineFilter] = []
    if canvas.colour is ColourMode.INDEXED_256:
        filters.append(FewColours())
    elif canvas.colour is ColourMode.INDEXED_16:
        filters.append(SixteenColours(palette))
    elif canvas.colour is ColourMode.NONE:
        filters.append(NoColours(palette))
    if canvas.charset is Charset.ASCII:
        filters.append(AsciiOnly())
    return filters


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


def _names_in_16(palette: Palette) -> dict[str, str]:
    """Return how the colours of a palette are said in 16; `reverse` for what words stand on."""
    return {
        palette.line: "default",
        palette.muted: "default",
        palette.text: "default",
        palette.accent: "cyan",
        palette.good: "green",
        palette.warn: "yellow",
        palette.bad: "red",
        **dict.fromkeys(palette.bands, "bright_black"),
        **dict(zip(palette.series, _SERIES_IN_16, strict=True)),
        palette.cursor: "reverse",
        palette.background: "default",
        palette.surface: "default",
        palette.panel: "default",
    }


_SERIES_IN_16: Final = (
    *("blue", "yellow", "green", "magenta"),
    *("red", "cyan", "bright_blue", "bright_magenta"),
)


@lru_cache(maxsize=4096)
def _in_256(style: Style) -> Style:
    return style + Style(
        color=_indexed(_hex(style.color), 256), bgcolor=_indexed(_hex(style.bgcolor), 256)
    )


def _indexed(colour: str, count: int) -> RichColor | None:
    if not colour:
        return None
    mode = ColourMode.INDEXED_256 if count == 256 else ColourMode.INDEXED_16
    return RichColor.from_ansi(index(int(colour[1:], 16), mode))


def _hex(colour: RichColor | None) -> str:
    """Return a colour as `#rrggbb`; empty for none and for the terminal's own."""
    return colour.triplet.hex if colour is not None and colour.triplet is not None else ""


def _stands_out(background: str, ground: str) -> bool:
    return bool(background) and contrast(background, ground) >= STANDS_OUT
