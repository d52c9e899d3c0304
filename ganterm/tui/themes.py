"""The app's themes: colours by role, and how well text in them can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.palette import index
from ganterm.render.text import without_foreign

if TYPE_CHECKING:
    from textual.filter import LineFilter
    from textual.theme import Theme

MIN_CONTRAST: Final = 4.5
"""The least contrast of any text with what it stands on (WCAG 2.2, level AA)."""
STANDS_OUT: Final = 1.6
"""Contrast of a background with the screen's from which it means something, as a cursor does."""
_FADE: Final = 0.35
"""How much of a curve's colour the range of its points has."""


@dataclass(frozen=True)
class Palette:
    """The colours of a theme by what they are for, each as `#rrggbb`.

    Attributes:
        title: how the theme is called in the palette and by `--theme`, as `name`.
        background, surface, panel: what text stands on: the screen, raised parts, bars and heads.
        text, muted: words, and words of lesser weight.
        accent: keys, the focus, what is chosen.
        good, warn, bad: states; words and signs say the same.
        cursor, cursor_text: the line under the cursor.
        line: borders and axes; it carries no text.
        series: curves, one colour each, in the order of `ganterm.render.chart`'s marks.
    """

    name: str
    title: str
    dark: bool
    background: str
    surface: str
    panel: str
    text: str
    muted: str
    accent: str
    good: str
    warn: str
    bad: str
    cursor: str
    cursor_text: str
    line: str
    series: tuple[str, ...]

    @property
    def bands(self) -> tuple[str, ...]:
        """What lies behind each of the curves: its colour, faded into the background."""
        return tuple(_mixed(colour, self.background, _FADE) for colour in self.series)

    @property
    def readable(self) -> list[tuple[str, str]]:
        """Every pair of text and background that the screens use."""
        words = (self.text, self.muted, self.accent, self.good, self.warn, self.bad, *self.series)
        grounds = (self.background, self.surface, self.panel)
        pairs = [(word, ground) for word in words for ground in grounds]
        return [*pairs, (self.cursor_text, self.cursor), (self.background, self.accent)]


PALETTES: Final = (
    Palette(
        name="night",
        title="Night: dark and calm",
        dark=True,
        background="#0f1317",
        surface="#161b21",
        panel="#1e252d",
        text="#d8dee5",
        muted="#9ba6b2",
        accent="#7cc0f5",
        good="#84d395",
        warn="#e6c46c",
        bad="#ff9a90",
        cursor="#2b4a66",
        cursor_text="#ffffff",
        line="#3b4651",
        series=(
            *("#6cb8ff", "#ffb35c", "#84d395", "#d3a8ff"),
            *("#ff9a90", "#5fd3cf", "#e6dc7a", "#c3cad2"),
        ),
    ),
    Palette(
        name="day",
        title="Day: light",
        dark=False,
        background="#fbfaf9",
        surface="#f4f3f1",
        panel="#ebeae8",
        text="#22272c",
        muted="#535b64",
        accent="#0a559f",
        good="#1c6432",
        warn="#735000",
        bad="#a3221d",
        cursor="#bcd8f2",
        cursor_text="#0d141a",
        line="#b9b4a8",
        series=(
            *("#0a559f", "#964500", "#1c6432", "#6a2f96"),
            *("#a3221d", "#005f61", "#5c5500", "#454c54"),
        ),
    ),
    Palette(
        name="contrast",
        title="High contrast",
        dark=True,
        background="#000000",
        surface="#000000",
        panel="#101010",
        text="#ffffff",
        muted="#d6d6d6",
        accent="#ffe14d",
        good="#7dff8a",
        warn="#ffe14d",
        bad="#ffa59c",
        cursor="#ffe14d",
        cursor_text="#000000",
        line="#c8c8c8",
        series=(
            *("#8fd0ff", "#ffd24d", "#7dff8a", "#e9b8ff"),
            *("#ffa59c", "#66fff5", "#f5ff8a", "#e0e0e0"),
        ),
    ),
    Palette(
        name="colour-blind",
        title="Colour-blind: Okabe and Ito's colours",
        dark=True,
        background="#0f1317",
        surface="#161b21",
        panel="#1e252d",
        text="#dfe3e8",
        muted="#a3adb8",
        accent="#56b4e9",
        good="#56b4e9",
        warn="#f0e442",
        bad="#f0965a",
        cursor="#24506e",
        cursor_text="#ffffff",
        line="#3b4651",
        series=(
            *("#56b4e9", "#e69f00", "#33c69c", "#f0e442"),
            *("#e093bd", "#f0965a", "#a9c4f5", "#c3cad2"),
        ),
    ),
    Palette(
        name="mono",
        title="Monochrome",
        dark=True,
        background="#101010",
        surface="#171717",
        panel="#202020",
        text="#e4e4e4",
        muted="#a8a8a8",
        accent="#ffffff",
        good="#e4e4e4",
        warn="#ffffff",
        bad="#ffffff",
        cursor="#e4e4e4",
        cursor_text="#000000",
        line="#4a4a4a",
        series=(
            *("#ffffff", "#b4b4b4", "#d8d8d8", "#9c9c9c"),
            *("#c6c6c6", "#aaaaaa", "#ececec", "#929292"),
        ),
    ),
)

BY_NAME: Final = {palette.name: palette for palette in PALETTES}
DEFAULT: Final = PALETTES[0].name


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two `#rrggbb` colours: 1 for the same, 21 for black and white.

    Relative luminance as WCAG 2.2 defines it for sRGB.
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _mixed(one: str, other: str, share: float) -> str:
    """Return `share` of one colour mixed with the rest of the other."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(colour: str) -> float:
    shares = (channel / 255 for channel in _channels(colour))
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def to_theme(palette: Palette) -> Theme:
    """Return the palette as Textual's theme; every colour is said, so that none is mixed anew."""
    from textual.theme import Theme  # noqa: PLC0415 - the names of themes are had without

    p = palette
    variables = {
        "text": p.text,
        "text-muted": p.muted,
        "text-disabled": p.muted,
        "text-primary": p.accent,
        "text-secondary": p.accent,
        "text-accent": p.accent,
        "text-success": p.good,
        "text-warning": p.warn,
        "text-error": p.bad,
        "line": p.line,
        "cursor": p.cursor,
        "cursor-text": p.cursor_text,
        "border": p.accent,
        "border-blurred": p.line,
        "block-cursor-background": p.cursor,
        "block-cursor-foreground": p.cursor_text,
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": p.panel,
        "block-cursor-blurred-foreground": p.text,
        "block-hover-background": p.panel,
        "footer-key-foreground": p.accent,
        "footer-background": p.panel,
        "input-cursor-background": p.accent,
        "input-cursor-foreground": p.background,
        "input-selection-background": p.cursor,
        "input-selection-foreground": p.cursor_text,
        "button-foreground": p.text,
        "button-color-foreground": p.background,
        "scrollbar": p.line,
        "scrollbar-hover": p.muted,
        "scrollbar-active": p.accent,
        "scrollbar-background": p.surface,
        "scrollbar-background-hover": p.surface,
        "scrollbar-background-active": p.surface,
        "scrollbar-corner-color": p.surface,
    }
    return Theme(
        name=p.name,
        primary=p.accent,
        secondary=p.accent,
        accent=p.accent,
        foreground=p.text,
        background=p.background,
        surface=p.surface,
        panel=p.panel,
        success=p.good,
        warning=p.warn,
        error=p.bad,
        dark=p.dark,
        variables=variables,
    )


def filters_for(canvas: Canvas, palette: Palette) -> list[LineFilter]:
    """Return what lines must pass before they are painted on `canvas`, in this order."""
    from ganterm.tui.terminal import filters  # noqa: PLC0415 - as with `to_theme`

    def quantise(colour: int) -> int:
        return index(colour, canvas.colour)

    def stands_out(ground: str) -> bool:
        return contrast(ground, palette.background) >= STANDS_OUT

    found: list[LineFilter] = [filters.Safe(without_foreign)]
    if canvas.colour is ColourMode.INDEXED_256:
        found.append(filters.FewColours(quantise))
    elif canvas.colour is ColourMode.INDEXED_16:
        found.append(filters.SixteenColours(_names_in_16(palette), quantise, stands_out))
    elif canvas.colour is ColourMode.NONE:
        found.append(filters.NoColours(stands_out))
    if canvas.charset is Charset.ASCII:
        found.append(filters.AsciiOnly())
    return found


def _names_in_16(palette: Palette) -> dict[str, str]:
    """Return how the colours of a palette are called in 16; `reverse` for what words stand on."""
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
