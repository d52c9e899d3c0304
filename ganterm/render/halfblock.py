"""Two pixels in every character cell: the half-block encoder.

The upper half block in the foreground colour over the background colour shows one pixel above
another; so do the lower half block, a full block and a space. Which of them, with which of the two
colours kept from the cell before, decides how many bytes a frame takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from ganterm.render import palette
from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.glyphs import draw_glyphs
from ganterm.render.quantise import dithered, quantise
from ganterm.render.raster import Raster

UPPER, LOWER, FULL = "▀", "▄", "█"


class Run(NamedTuple):
    """Neighbouring cells of one line that share their colours.

    `fg` and `bg` are 0xRRGGBB, or None where the text shows nothing in that colour.
    """

    text: str
    fg: int | None
    bg: int | None


class _Quality(NamedTuple):
    levels: int
    slack: float
    share: float
    """About how many of the bytes that the best quality takes are left, in a noisy frame."""


_GREY_LADDER = (
    _Quality(16, 0.5, 1.0),
    _Quality(16, 1.0, 0.9),
    _Quality(8, 0.5, 0.7),
    _Quality(8, 0.75, 0.63),
    _Quality(8, 1.0, 0.59),
    _Quality(6, 0.75, 0.5),
    _Quality(5, 0.75, 0.43),
    _Quality(4, 0.75, 0.34),
    _Quality(3, 0.75, 0.25),
    _Quality(2, 0.5, 0.0),
)
_RGB_LADDER = (
    _Quality(16, 0.5, 1.0),
    _Quality(8, 0.5, 0.9),
    _Quality(8, 0.75, 0.8),
    _Quality(6, 0.75, 0.0),
)

# (bytes of any frame, bytes per cell besides); RGB may have three times as much. A grey frame of
# 56x14 cells has at most 7,880, 4,963 and 3,952 bytes.
_BUDGET = {
    ColourMode.TRUECOLOR: (2000, 7.5),
    ColourMode.INDEXED_256: (1200, 4.8),
    ColourMode.INDEXED_16: (1600, 3.0),
}


def encode(
    raster: Raster,
    levels: int | None = None,
    *,
    mode: ColourMode = ColourMode.TRUECOLOR,
    slack: float = 0.5,
) -> list[list[Run]]:
    """Turn a raster into lines of runs, one cell for a column of two pixels.

    All that `mode` can show is used: in truecolour every level, of a palette every grey, and
    colours by dithering. With `levels` each channel is instead rounded to at most so many values
    that `mode` can show, and `slack` lets noise go further than to the nearest, see `quantise`. An
    odd last row of pixels stands above black. A line's runs together have `raster.width`
    characters; no two neighbouring runs have the same colours.
    """
    if raster.height % 2:
        raster = raster.pad(bottom=1)
    if levels is None and raster.channels == 3 and mode is not ColourMode.TRUECOLOR:
        rows = dithered(raster, mode)
    else:
        rows = _rounded(raster, levels or 256, mode, slack)
    return [_runs(top, bottom) for top, bottom in zip(rows[::2], rows[1::2], strict=True)]


def _rounded(raster: Raster, levels: int, mode: ColourMode, slack: float) -> list[list[int]]:
    """Return rows of colours with each channel rounded to at most `levels` values."""
    values = palette.channel_levels(levels, mode, rgb=raster.channels == 3)
    planes = [
        quantise(raster.pixels[channel :: raster.channels], raster.width, values, slack)
        for channel in range(raster.channels)
    ]
    if raster.channels == 1:
        return [[palette.GREYS[level] for level in row] for row in planes[0]]
    return [_packed(red, green, blue, mode) for red, green, blue in zip(*planes, strict=True)]


def _packed(red: bytes, green: bytes, blue: bytes, mode: ColourMode) -> list[int]:
    snap = palette.snap
    return [snap(r << 16 | g << 8 | b, mode) for r, g, b in zip(red, green, blue, strict=True)]


def _runs(top: Sequence[int], bottom: Sequence[int]) -> list[Run]:
    """Merge a line's cells, pixels `top` above pixels `bottom`, into runs."""
    paper = Counter((*top, *bottom)).most_common(1)[0][0] if top else 0
    runs: list[Run] = []
    text: list[str] = []
    fg: int | None = None
    bg: int | None = None
    for upper, lower in zip(top, bottom, strict=True):
        glyph, new_fg, new_bg = _cell(upper, lower, fg, bg, paper)
        if new_fg != fg or new_bg != bg:
            # A colour that nothing has used yet can still be chosen for the whole run.
            if text and not (fg in {None, new_fg} and bg in {None, new_bg}):
                runs.append(Run("".join(text), fg, bg))
                text = []
            fg, bg = new_fg, new_bg
        text.append(glyph)
    if text:
        runs.append(Run("".join(text), fg, bg))
    return runs


@lru_cache(maxsize=32768)
def _cell(
    upper: int, lower: int, fg: int | None, bg: int | None, paper: int
) -> tuple[str, int | None, int | None]:
    """Choose the character for two pixels, and its colours, so that few change from `fg` and `bg`.

    The background is kept at the `paper` colour where there is a choice, because cells of paper
    alone, the most frequent ones, are then single bytes. Looking at one cell at a time, frames
    come out 2 to 5 % longer than the shortest there could be.
    """
    if upper == lower:
        if upper == bg:
            return " ", fg, bg
        if upper == fg:
            return FULL, fg, bg
        return (FULL, upper, bg) if bg == paper else (" ", fg, upper)
    as_upper, as_lower = (UPPER, upper, lower), (LOWER, lower, upper)
    if upper == fg or lower == bg:
        return as_upper
    if upper in {bg, paper} or lower == fg:
        return as_lower
    return as_upper


def line_to_ansi(runs: Iterable[Run], mode: ColourMode) -> str:
    """Return one line of runs with the SGR sequences that `mode` has, reset at its end.

    Only what changes from run to run is set. Raises ValueError for `ColourMode.NONE`.
    """
    parts: list[str] = []
    fg: int | None = None
    bg: int | None = None
    for run in runs:
        changes = []
        if run.fg is not None and run.fg != fg:
            fg = run.fg
            changes.append(palette.foreground(fg, mode))
        if run.bg is not None and run.bg != bg:
            bg = run.bg
            changes.append(palette.background(bg, mode))
        if changes:
            parts.append(f"\x1b[{';'.join(changes)}m")
        parts.append(run.text)
    if fg is not None or bg is not None:
        parts.append("\x1b[0m")
    return "".join(parts)


def draw(raster: Raster, canvas: Canvas, *, sparing: bool = False) -> list[str]:
    """Return the lines that show the raster pixel by pixel on `canvas`, without line feeds.

    All that the colours of the canvas can show is drawn. `sparing` is for pictures that soon give
    way to others over a slow connection: as many levels as fit the byte budget of the frame, so
    that noise costs greys and not seconds. A grey frame of 56x14 cells then has at most 8,000 bytes
    in truecolour and 5,000 in 256 colours. Without colours, and in ASCII, characters stand for
    brightness, light on dark.
    """
    if canvas.charset is Charset.ASCII or canvas.colour is ColourMode.NONE:
        return draw_glyphs(raster, canvas.charset)
    mode = canvas.colour
    lines = (
        encode_within(raster, mode, budget_of(raster, mode))
        if sparing
        else encode(raster, mode=mode)
    )
    return [line_to_ansi(runs, mode) for runs in lines]


def budget_of(raster: Raster, mode: ColourMode) -> int:
    """Return how many bytes a frame of the raster's size may have over a slow connection."""
    base, per_cell = _BUDGET[mode]
    return int((base + per_cell * raster.width * ((raster.height + 1) // 2)) * raster.channels)


def encode_within(raster: Raster, mode: ColourMode, budget: int) -> list[list[Run]]:
    """Encode with a good quality that takes at most `budget` bytes; the worst may take more.

    The best does for clean pictures. If it takes too many bytes, those qualities are left out that
    will not spare enough, so that a noisy frame is encoded two or three times and not ten. Raises
    ValueError for `ColourMode.NONE`.
    """
    ladder = _GREY_LADDER if raster.channels == 1 else _RGB_LADDER
    needed = 1.0
    lines: list[list[Run]] = []
    for quality in ladder:
        if quality.share > needed:
            continue
        lines = encode(raster, quality.levels, mode=mode, slack=quality.slack)
        # Each line comes with its line feed.
        size = sum(len(line_to_ansi(runs, mode).encode()) + 1 for runs in lines)
        if size <= budget:
            break
        if quality is ladder[0]:
            needed = budget / size
    return lines
