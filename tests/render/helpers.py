"""A tiny terminal that understands what the encoder writes, and digits to draw on it."""

import gzip
import math
import random
import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from ganterm.render.raster import Raster, grid

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist" / "t10k-images-idx3-ubyte.gz"

_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|(.)", re.DOTALL)
_VGA = (0x000000, 0xAA0000, 0x00AA00, 0xAA5500, 0x0000AA, 0xAA00AA, 0x00AAAA, 0xAAAAAA)
_BRIGHT = (0x555555, 0xFF5555, 0x55FF55, 0xFFFF55, 0x5555FF, 0xFF55FF, 0x55FFFF, 0xFFFFFF)


class Pixels(NamedTuple):
    """The upper and the lower pixel of a cell, 0xRRGGBB or None for the terminal's own colour."""

    upper: int | None
    lower: int | None


def shown(line: str) -> list[Pixels]:
    """Return the cells a terminal shows for one line; fails on anything but SGR and blocks."""
    foreground: int | None = None
    background: int | None = None
    cells = []
    for parameters, character in _TOKEN.findall(line):
        if character:
            upper = foreground if character in "▀█" else background
            lower = foreground if character in "▄█" else background
            assert character in "▀▄█ ", f"unexpected character {character!r}"
            cells.append(Pixels(upper, lower))
            continue
        numbers = [int(number) for number in parameters.split(";")]
        while numbers:
            first = numbers.pop(0)
            if first == 0:
                foreground = background = None
            elif first in {38, 48}:
                colour = _extended(numbers)
                foreground, background = (
                    (colour, background) if first == 38 else (foreground, colour)
                )
            elif first // 10 in {3, 9}:
                foreground = (_VGA if first < 90 else _BRIGHT)[first % 10]
            elif first // 10 in {4, 10}:
                background = (_VGA if first < 100 else _BRIGHT)[first % 10]
            else:
                raise AssertionError(f"unexpected SGR parameter {first}")
    assert foreground is None, "a line must end with its colours reset"
    assert background is None, "a line must end with its colours reset"
    return cells


def _extended(numbers: list[int]) -> int:
    kind = numbers.pop(0)
    if kind == 2:
        red, green, blue = (numbers.pop(0) for _ in range(3))
        return red << 16 | green << 8 | blue
    assert kind == 5
    index = numbers.pop(0)
    if index >= 232:
        return (8 + 10 * (index - 232)) * 0x010101
    assert index >= 16, "the first 16 colours differ from theme to theme"
    cube = (0, 95, 135, 175, 215, 255)
    index -= 16
    return cube[index // 36] << 16 | cube[index // 6 % 6] << 8 | cube[index % 6]


_Point = tuple[float, float]

_STROKES: dict[int, list[_Point]] = {
    0: [(14, 4), (8, 8), (7, 16), (10, 23), (15, 24), (20, 20), (21, 11), (18, 5), (14, 4)],
    2: [(7, 8), (12, 4), (18, 6), (18, 12), (8, 23), (14, 22), (21, 23)],
    4: [(9, 5), (7, 13), (12, 15), (19, 13), (19, 5), (18, 24)],
    5: [(19, 5), (10, 5), (9, 12), (15, 12), (20, 17), (16, 23), (8, 22)],
    7: [(7, 6), (20, 5), (16, 14), (12, 24)],
    8: [(14, 13), (8, 8), (14, 4), (19, 8), (9, 18), (14, 24), (19, 18), (14, 13)],
}


def synthetic_digit(seed: int) -> bytes:
    """Return 28x28 pixels of an anti-aliased pen stroke, jittered as a hand would."""
    rng = random.Random(seed)
    corners = rng.choice(list(_STROKES.values()))
    points = [(x + rng.uniform(-1, 1), y + rng.uniform(-1, 1)) for x, y in corners]
    radius = rng.uniform(1.0, 1.9)
    pixels = bytearray()
    for y in range(28):
        for x in range(28):
            away = min(_distance((x, y), a, b) for a, b in pairwise(points))
            pixels.append(round(255 * min(1.0, max(0.0, radius + 0.5 - away))))
    return bytes(pixels)


def _distance(point: _Point, start: _Point, end: _Point) -> float:
    run, rise = end[0] - start[0], end[1] - start[1]
    along = ((point[0] - start[0]) * run + (point[1] - start[1]) * rise) / (run**2 + rise**2)
    along = min(1.0, max(0.0, along))
    return math.hypot(point[0] - start[0] - along * run, point[1] - start[1] - along * rise)


def mnist_digit(index: int) -> bytes:
    """Return 28x28 pixels of a real test digit, one of the first hundred."""
    with gzip.open(MNIST) as file:
        return file.read(16 + 100 * 784)[16 + index * 784 :][:784]


def noisy(pixels: bytes, sigma: float, seed: int) -> bytes:
    """Return the pixels with Gaussian noise, as those of a generator that has not trained long."""
    rng = random.Random(seed)
    return bytes([min(255, max(0, round(value + rng.gauss(0, sigma)))) for value in pixels])


def side_by_side(left: bytes, right: bytes) -> Raster:
    """Return two 28x28 digits as the 56x28 pixels of a frame of 56x14 cells."""
    return grid([Raster(28, 28, 1, left), Raster(28, 28, 1, right)], 2, padding=0)
