"""Pixels in the colours that there are: dithered, or in few levels that are cheap to draw.

Where bytes are dear, noise must not cost a colour change at every pixel. A pixel is then rounded to
the nearest level, or, within `slack`, to a level that is cheaper to draw: that of its row's paper
(the level most of the row has) or that of the pixel before it. It is the dead zone of a codec: what
lies within the slack is noise to the eye and half the bytes of a frame.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from ganterm.render import palette
from ganterm.render.colour import ColourMode
from ganterm.render.raster import Raster


@lru_cache(maxsize=64)
def nearest_table(levels: tuple[int, ...]) -> bytes:
    """Return the 256 bytes that map each value to the nearest of the ascending `levels`."""
    return bytes([min(levels, key=lambda level: abs(level - value)) for value in range(256)])


@lru_cache(maxsize=256)
def _settling_tables(levels: tuple[int, ...], slack: float, paper: int) -> dict[int, bytes]:
    """For each level that a pixel's left neighbour may have, the table that rounds the pixel."""
    distance = 255 / (len(levels) - 1)
    # To repeat a neighbour saves less than to keep to the paper, and drags an edge along with it.
    near, reach = min(slack, 0.75) * distance, slack * distance
    tables = {}
    for before in levels:
        table = bytearray(nearest_table(levels))
        for level, radius in ((before, near), (paper, reach)):
            first, last = max(math.ceil(level - radius), 0), min(math.floor(level + radius), 255)
            table[first : last + 1] = bytes([level]) * (last + 1 - first)
        tables[before] = bytes(table)
    return tables


def quantise(plane: bytes, width: int, levels: tuple[int, ...], slack: float = 0.5) -> list[bytes]:
    """Return the rows of one channel, `width` bytes each, with every value one of `levels`.

    `slack` is how far, in distances between levels, a value may move to a level that is cheaper to
    draw; at 0.5 and below every value goes to the nearest.
    """
    rounded = plane.translate(nearest_table(levels))
    starts = range(0, len(plane), width) if width else ()
    if slack <= 0.5 or len(levels) < 2:
        return [rounded[start : start + width] for start in starts]
    rows = []
    for start in starts:
        tables = _settling_tables(
            levels, slack, _most_common(rounded[start : start + width], levels)
        )
        rows.append(_settled(plane[start : start + width], tables))
    return rows


def _settled(row: bytes, tables: dict[int, bytes]) -> bytes:
    settled = bytearray()
    level = -1
    table = next(iter(tables.values()))
    for value in row:
        if table[value] != level:
            level = table[value]
            table = tables[level]
        settled.append(level)
    return bytes(settled)


def _most_common(row: bytes, levels: Sequence[int]) -> int:
    """Return which of `levels` most bytes of `row` have."""
    return max(levels, key=row.count)


def dithered(raster: Raster, mode: ColourMode) -> list[list[int]]:
    """Return rows of 0xRRGGBB in the palette of `mode` that on average have the raster's colours.

    The error of each pixel goes on to its neighbours (Floyd and Steinberg, 1976), so that a brown
    that the palette lacks is not drawn as grey. Raises ValueError for a mode without a palette.
    """
    from PIL import Image  # noqa: PLC0415 - only pictures in few colours need Pillow

    colours = palette.colours(mode)
    if not raster.pixels:
        return [[] for _ in range(raster.height)]
    wanted = Image.new("P", (1, 1))
    # Pillow fills a short palette up with black, and black is one of the colours.
    filled = [*colours, *[colours[0]] * (256 - len(colours))]
    wanted.putpalette(b"".join(colour.to_bytes(3, "big") for colour in filled))
    image = Image.frombytes("RGB", (raster.width, raster.height), raster.to_rgb().pixels)
    drawn = image.quantize(palette=wanted, dither=Image.Dither.FLOYDSTEINBERG).tobytes()
    width = raster.width
    return [
        [filled[index] for index in drawn[start : start + width]]
        for start in range(0, len(drawn), width)
    ]
