"""Pictures from characters alone, for terminals without colours or without Unicode.

Each cell shows two pixels, and each character is known by how much of its upper and of its lower
half it covers; the one nearest to the two pixels is taken. So `'` and `.` place a stroke within the
cell, where a ramp of densities could only say that there is one.
"""

from functools import lru_cache

from ganterm.render.colour import Charset
from ganterm.render.raster import Raster

# Share of the upper and of the lower half that is inked.
_BLOCKS = {
    " ": (0.0, 0.0),
    "░": (0.25, 0.25),
    "▒": (0.5, 0.5),
    "▓": (0.75, 0.75),
    "█": (1.0, 1.0),
    "▀": (1.0, 0.0),
    "▄": (0.0, 1.0),
}
# Measured in a common monospaced face and stretched so that `@`, the fullest, is full.
_ASCII = {
    " ": (0.0, 0.0),
    ".": (0.0, 0.3),
    "'": (0.3, 0.0),
    ":": (0.3, 0.3),
    "_": (0.0, 0.6),
    '"': (0.6, 0.0),
    "=": (0.5, 0.5),
    "+": (0.45, 0.65),
    "*": (0.8, 0.25),
    "o": (0.5, 0.9),
    "#": (0.85, 0.85),
    "@": (1.0, 1.0),
}


@lru_cache(maxsize=2)
def _table(charset: Charset) -> list[str]:
    """Return the character for every pair of 4-bit brightnesses, upper x 16 + lower."""
    coverage = _BLOCKS if charset is Charset.HALFBLOCK else _ASCII

    def nearest(upper: float, lower: float) -> str:
        return min(
            coverage, key=lambda c: (coverage[c][0] - upper) ** 2 + (coverage[c][1] - lower) ** 2
        )

    return [nearest(code // 16 / 15, code % 16 / 15) for code in range(256)]


_HIGH = bytes((value + 8) // 17 << 4 for value in range(256))
_LOW = bytes((value + 8) // 17 for value in range(256))


def draw_glyphs(raster: Raster, charset: Charset) -> list[str]:
    """Return a line of `raster.width` characters for every two rows of pixels, bright as inked."""
    table = _table(charset)
    rows = raster.to_grey().rows()
    if len(rows) % 2:
        rows.append(bytes(raster.width))
    lines = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        codes = zip(upper.translate(_HIGH), lower.translate(_LOW), strict=True)
        lines.append("".join([table[high | low] for high, low in codes]))
    return lines
