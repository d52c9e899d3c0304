"""The colours each mode has, and the SGR parameters that select them.

A colour is one integer, 0xRRGGBB in sRGB. The 256-colour palette is xterm's; for 16 colours,
which every theme paints differently, VGA's is taken for choosing the nearest.
"""

from functools import lru_cache

from ganterm.render.colour import ColourMode

CUBE = (0, 95, 135, 175, 215, 255)
"""The levels of a channel in the 6x6x6 cube at the indices 16 to 231 of the 256-colour palette."""

RAMP = tuple(range(8, 239, 10))
"""The greys at the indices 232 to 255."""

VGA = (
    *(0x000000, 0xAA0000, 0x00AA00, 0xAA5500, 0x0000AA, 0xAA00AA, 0x00AAAA, 0xAAAAAA),
    *(0x555555, 0xFF5555, 0x55FF55, 0xFFFF55, 0x5555FF, 0xFF55FF, 0x55FFFF, 0xFFFFFF),
)


GREYS = tuple(level * 0x010101 for level in range(256))
"""The colour whose three channels are all `level`, by level."""


def channel_levels(count: int, mode: ColourMode, *, rgb: bool) -> tuple[int, ...]:
    """Return the values a channel is rounded to, from 0 to 255, ascending.

    They are `count` evenly spaced ones, moved to greys (or, if `rgb`, to levels of the cube) that
    `mode` has and can tell apart; so there may be fewer than `count`.
    """
    even = [round(255 * index / (count - 1)) for index in range(count)]
    if mode is ColourMode.INDEXED_256:
        have = CUBE if rgb else tuple(sorted({*CUBE, *RAMP}))
    elif mode is ColourMode.INDEXED_16:
        have = (0x00, 0x55, 0xAA, 0xFF)
    else:
        return tuple(even)
    return tuple(sorted({min(have, key=lambda level: abs(level - value)) for value in even}))


def colours(mode: ColourMode) -> tuple[int, ...]:
    """Return the colours of the palette of `mode` that are the same in every terminal, or nearly.

    Raises ValueError for a mode that has no palette.
    """
    if mode is ColourMode.INDEXED_16:
        return VGA
    if mode is ColourMode.INDEXED_256:
        return tuple(_xterm(index) for index in range(16, 256))
    raise ValueError(f"{mode.value} has no palette")


@lru_cache(maxsize=8192)
def snap(colour: int, mode: ColourMode) -> int:
    """Return the colour that `mode` shows for `colour`."""
    if mode is ColourMode.INDEXED_16:
        return VGA[_index_16(colour)]
    if mode is ColourMode.INDEXED_256:
        return _xterm(_index_256(colour))
    return colour


@lru_cache(maxsize=8192)
def foreground(colour: int, mode: ColourMode) -> str:
    """Return the SGR parameters that make `colour` the foreground, such as ``38;5;244``."""
    return _parameters(colour, mode, 30)


@lru_cache(maxsize=8192)
def background(colour: int, mode: ColourMode) -> str:
    """Return the SGR parameters that make `colour` the background, such as ``48;5;244``."""
    return _parameters(colour, mode, 40)


@lru_cache(maxsize=8192)
def index(colour: int, mode: ColourMode) -> int:
    """Return which entry of the palette of `mode` (256 or 16 colours) shows `colour`."""
    if mode is ColourMode.INDEXED_16:
        return _index_16(colour)
    if mode is ColourMode.INDEXED_256:
        return _index_256(colour)
    raise ValueError(f"{mode.value} has no palette")


def _parameters(colour: int, mode: ColourMode, base: int) -> str:
    if mode is ColourMode.TRUECOLOR:
        red, green, blue = _channels(colour)
        return f"{base + 8};2;{red};{green};{blue}"
    if mode is ColourMode.INDEXED_256:
        return f"{base + 8};5;{_index_256(colour)}"
    if mode is ColourMode.INDEXED_16:
        index = _index_16(colour)
        return str(base + index if index < 8 else base + 60 + index - 8)
    raise ValueError("without colours there are no colour parameters")


def _index_256(colour: int) -> int:
    red, green, blue = _channels(colour)
    r, g, b = (
        min(range(6), key=lambda step: abs(CUBE[step] - value)) for value in (red, green, blue)
    )
    mean = (red + green + blue) // 3
    step = min(range(len(RAMP)), key=lambda grey: abs(RAMP[grey] - mean))
    # The cube first: on a tie it is the one whose index is shorter for black.
    return min(16 + 36 * r + 6 * g + b, 232 + step, key=lambda i: _distance(_xterm(i), colour))


def _index_16(colour: int) -> int:
    return min(range(16), key=lambda entry: _distance(VGA[entry], colour))


def _xterm(index: int) -> int:
    if index >= 232:
        return GREYS[RAMP[index - 232]]
    index -= 16
    return CUBE[index // 36] << 16 | CUBE[index // 6 % 6] << 8 | CUBE[index % 6]


def _distance(one: int, other: int) -> int:
    return sum((a - b) ** 2 for a, b in zip(_channels(one), _channels(other), strict=True))


def _channels(colour: int) -> tuple[int, int, int]:
    return colour >> 16, colour >> 8 & 0xFF, colour & 0xFF
