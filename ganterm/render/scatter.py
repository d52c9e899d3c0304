"""Points of the plane as a picture: real ones in grey, generated ones in colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ganterm.render.raster import Raster

SIDE = 96
"""Pixels of the picture each way: two or so to a cell's half block in a narrow terminal."""
EXTENT = 2.75
"""The picture shows -EXTENT to EXTENT along both axes."""

Point = Sequence[float]

_REAL_DARKEST, _REAL_STEP, _REAL_BRIGHTEST = 70, 20, 150
_GENERATED = (255, 150, 40)
_GENERATED_STEP, _GENERATED_STEPS = 25, 4


def scatter(real: Iterable[Point], generated: Iterable[Point]) -> Raster:
    """Draw points (x, y), y upwards; those beyond the edge are left out.

    Where many points of a kind fall together their mark is brighter, and a generated one is drawn
    over a real one.
    """
    pixels = bytearray(SIDE * SIDE * 3)
    for (x, y), count in _counts(real).items():
        grey = min(_REAL_DARKEST + _REAL_STEP * count, _REAL_BRIGHTEST)
        _mark(pixels, x, y, (grey, grey, grey))
    red, green, blue = _GENERATED
    for (x, y), count in sorted(_counts(generated).items(), key=lambda item: item[1]):
        light = min(count - 1, _GENERATED_STEPS) * _GENERATED_STEP
        _mark(pixels, x, y, (red, min(green + light, 255), min(blue + light, 255)))
    return Raster(SIDE, SIDE, 3, bytes(pixels))


def _counts(points: Iterable[Point]) -> dict[tuple[int, int], int]:
    """Count the points that fall on each mark of two by two pixels, by its corner."""
    marks = SIDE // 2
    counts: dict[tuple[int, int], int] = {}
    for x, y in points:
        if not (abs(x) < EXTENT and abs(y) < EXTENT):  # a NaN is left out as well
            continue
        corner = (
            2 * int((x + EXTENT) / (2 * EXTENT) * marks),
            2 * int((EXTENT - y) / (2 * EXTENT) * marks),
        )
        counts[corner] = counts.get(corner, 0) + 1
    return counts


def _mark(pixels: bytearray, x: int, y: int, colour: tuple[int, int, int]) -> None:
    for row in (y, min(y + 1, SIDE - 1)):
        start = (row * SIDE + x) * 3
        pixels[start : start + 6] = bytes(colour * 2)
