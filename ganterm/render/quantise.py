"""Fewer levels per channel, chosen so that noise does not cost a colour change at every pixel.

A pixel is rounded to the nearest level, or, within `slack`, to a level that is cheaper to draw:
that of its row's paper (the level most of the row has) or that of the pixel before it. It is the
dead zone of a codec: what lies within the slack is noise to the eye and half the bytes of a frame.
"""

import math
from collections.abc import Sequence
from functools import lru_cache


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
