"""A scatter shows where points lie, and generated ones over real ones."""

from __future__ import annotations

import math

from ganterm.render.raster import Raster
from ganterm.render.scatter import EXTENT, SIDE, scatter


def _at(picture: Raster, column: int, row: int) -> tuple[int, ...]:
    start = (row * SIDE + column) * 3
    return tuple(picture.pixels[start : start + 3])


def test_up_is_up_and_right_is_right() -> None:
    picture = scatter([], [(2, 2)])
    lit = [index // 3 for index in range(0, len(picture.pixels), 3) if picture.pixels[index]]
    assert lit
    assert all(index % SIDE > SIDE / 2 and index // SIDE < SIDE / 2 for index in lit)


def test_real_points_are_grey_and_generated_ones_coloured_above_them() -> None:
    middle = SIDE // 2
    red, green, blue = _at(scatter([(0.01, -0.01)], []), middle, middle)
    assert red == green == blue > 0
    red, green, blue = _at(scatter([(0.01, -0.01)], [(0.01, -0.01)]), middle, middle)
    assert red > green > blue


def test_points_outside_or_not_finite_are_left_out() -> None:
    outside = [(EXTENT, 0), (0, -EXTENT - 1), (math.nan, 0), (math.inf, 0)]
    assert not any(scatter(outside, outside).pixels)
