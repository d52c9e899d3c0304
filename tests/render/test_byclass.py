"""Pictures of several classes: a row or a column each, whichever shows more of them."""

from __future__ import annotations

import pytest

from ganterm.render.byclass import ByClass, draw_by_class, fit_by_class, in_turn, row_words
from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.raster import Raster

NAMES = tuple("0123456789")


def canvas(columns: int, rows: int, charset: Charset = Charset.HALFBLOCK) -> Canvas:
    return Canvas(ColourMode.TRUECOLOR, charset, columns, rows)


def laid(columns: int, rows: int, *, side: int = 8, each: int = 4) -> ByClass:
    found = fit_by_class(10, 10 * each, side, side, canvas(columns, rows))
    assert found is not None
    return found


def classes_at(found: ByClass, each: int = 4) -> list[list[int]]:
    """Return the class at each place of the grid, row by row."""
    labels = [index // each for index in found.order]
    columns = found.fit.columns
    return [labels[start : start + columns] for start in range(0, len(labels), columns)]


def test_a_high_screen_has_a_row_for_each_class() -> None:
    found = laid(40, 60)
    assert found.abreast == 1
    assert classes_at(found) == [[label] * 4 for label in range(10)]


def test_a_wide_screen_has_a_column_for_each_class() -> None:
    found = laid(120, 20)
    assert found.abreast == 10
    rows = classes_at(found)
    assert len(rows) >= 2
    assert all(row == list(range(10)) for row in rows)


@pytest.mark.parametrize("size", [(40, 60), (120, 20), (80, 24), (200, 50), (60, 20)])
def test_what_is_laid_out_fits_and_no_image_comes_twice(size: tuple[int, int]) -> None:
    found = laid(*size, each=16)
    fit = found.fit
    assert fit.columns * (fit.width + fit.padding) - fit.padding <= size[0]
    assert fit.rows * (fit.height + fit.padding) - fit.padding <= 2 * size[1]
    assert fit.shown == len(found.order) == len(set(found.order))


def test_where_neither_fits_as_many_classes_stand_in_each_row() -> None:
    """Ten digits on the usual terminal: five and five, and as often as there is room."""
    found = laid(80, 24, side=28)
    assert found.abreast == 5
    assert classes_at(found)[:2] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert found.fit.rows % 2 == 0
    assert found.words(NAMES) == "classes 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 in turn"


def test_a_narrow_pane_shows_one_of_each() -> None:
    """Which takes a last row that is shorter than the others."""
    found = laid(56, 28, side=28)
    assert classes_at(found) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert (found.fit.rows, found.fit.shown) == (4, 10)


def test_two_of_each_class_come_before_larger_images() -> None:
    """One column of images twice as large would fit as well."""
    found = laid(36, 100)
    assert found.fit.columns >= 2


def test_digits_as_large_as_they_are_are_large_enough() -> None:
    """Of two classes there are as many of each as fit, and not two of each in giant pixels."""
    found = fit_by_class(2, 64, 28, 28, canvas(180, 40))
    assert found is not None
    assert found.fit.shown >= 10
    assert found.fit.width == 28


def test_no_room_for_one_of_each_is_said() -> None:
    assert fit_by_class(10, 40, 28, 28, canvas(30, 5)) is None
    assert draw_by_class([Raster(28, 28, 1, bytes(784))] * 40, NAMES, canvas(30, 5)) is None


def test_the_drawing_tells_what_is_where() -> None:
    images = [Raster(8, 8, 1, bytes([20 * (index // 4)] * 64)) for index in range(40)]
    drawn = draw_by_class(images, NAMES, canvas(120, 20))
    assert drawn is not None
    assert drawn.where == "a column each of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert len(drawn.lines) <= 20
    assert drawn.shown % 10 == 0


def test_of_many_classes_the_first_and_the_last_are_named() -> None:
    assert row_words([str(n) for n in range(26)]) == "a row each of 0 to 25"
    assert row_words(["a", "b"]) == "a row each of a, b"


def test_classes_take_turns() -> None:
    """Three classes of two images each, one after the other."""
    assert in_turn(3, 6) == [0, 2, 4, 1, 3, 5]
