"""Columns of dots become the braille characters that show exactly those dots."""

import pytest

from ganterm.render.chart.plot import BRAILLE, DotGrid
from ganterm.render.colour import Charset

UNICODE, ASCII = Charset.HALFBLOCK, Charset.ASCII


def drawn(grid: DotGrid, masks: list[int]) -> list[str]:
    return ["".join(BRAILLE[code] for code in row) for row in grid.cells(masks)]


def straight(grid: DotGrid, places: list[int | None]) -> list[str]:
    return drawn(grid, grid.curve(places, [False] * len(places)))


def test_every_dot_of_a_cell_has_its_own_bit() -> None:
    grid = DotGrid(1, 1, UNICODE)
    left = [straight(grid, [row, None])[0] for row in range(4)]
    right = [straight(grid, [None, row])[0] for row in range(4)]
    assert left == ["⠁", "⠂", "⠄", "⡀"]
    assert right == ["⠈", "⠐", "⠠", "⢀"]


def test_a_curve_goes_through_its_points() -> None:
    grid = DotGrid(3, 2, UNICODE)
    assert straight(grid, [7, 6, 5, 4, 3, 2]) == ["⠀⠀⡠", "⡠⠊⠀"]


@pytest.mark.parametrize(("first", "second"), [(0, 7), (7, 0), (2, 5), (5, 2), (3, 4), (4, 4)])
def test_a_jump_is_shared_by_its_two_columns(first: int, second: int) -> None:
    """Together the columns cover every row between the two ends, and nothing beyond them."""
    grid = DotGrid(1, 2, UNICODE)
    masks = grid.curve([first, second], [False, False])
    rows = [{row for row in range(8) if mask >> row // 4 * 8 + row % 4 & 1} for mask in masks]
    assert rows[0] | rows[1] == set(range(min(first, second), max(first, second) + 1))
    assert first in rows[0]
    assert second in rows[1]


def test_a_hole_between_two_points_is_bridged_unless_something_broke_there() -> None:
    grid = DotGrid(3, 1, UNICODE)
    places = [3, None, None, None, None, 0]
    assert drawn(grid, grid.curve(places, [False] * 6)) == ["⡠⠔⠊"]
    assert drawn(grid, grid.curve(places, [False, False, True, False, False, False])) == ["⡀⠀⠈"]


def test_what_lies_before_the_first_and_after_the_last_point_stays_empty() -> None:
    grid = DotGrid(3, 1, UNICODE)
    assert drawn(grid, grid.curve([None, None, 1, 1, None, None], [False] * 6)) == ["⠀⠒⠀"]


def test_a_band_shows_its_ends_in_full_and_is_thinner_in_between() -> None:
    grid = DotGrid(1, 3, UNICODE)
    masks = grid.band([1, None], [10, None])
    (top,), (middle,), (bottom,) = grid.cells(masks)
    assert top & 0b0010
    assert bottom & 0b0100
    assert middle.bit_count() == 2
    assert not top & 0b0001
    assert not bottom & 0b1000


def test_a_band_of_one_row_is_drawn() -> None:
    grid = DotGrid(1, 1, UNICODE)
    assert [mask.bit_count() for mask in grid.band([1, 2], [1, 2])] == [1, 1]


def test_in_ascii_a_cell_is_one_dot() -> None:
    grid = DotGrid(3, 3, ASCII)
    assert grid.cells(grid.curve([0, 2, 2], [False] * 3)) == [(1, 0, 0), (1, 0, 0), (0, 1, 1)]
    assert grid.cells(grid.band([0, None, 1], [2, None, 1])) == [(1, 0, 0), (1, 0, 1), (1, 0, 0)]


def test_a_grid_without_columns_has_empty_rows() -> None:
    assert DotGrid(0, 2, UNICODE).cells([]) == [(), ()]
