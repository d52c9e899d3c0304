"""The grid chosen fits the space, shows as many images as it can, and those as large as it can."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.layout import LEGIBLE, GridFit, arrange, fit_canvas, fit_columns, fit_grid
from ganterm.render.raster import Raster


@given(
    count=st.integers(1, 200),
    width=st.integers(1, 100),
    height=st.integers(1, 100),
    columns=st.integers(1, 250),
    rows=st.integers(1, 70),
)
def test_grid_fits(count: int, width: int, height: int, columns: int, rows: int) -> None:
    """Whatever the sizes, the grid lies within the cells, and at least one image is shown."""
    fit = fit_grid(count, width, height, columns, rows)
    assert 1 <= fit.shown <= count
    assert fit.shown <= fit.columns * fit.rows
    assert fit.columns * fit.width + (fit.columns - 1) * fit.padding <= columns
    assert fit.rows * fit.height + (fit.rows - 1) * fit.padding <= 2 * rows
    if fit.enlarged:
        assert (fit.width, fit.height) == (width * fit.enlarged, height * fit.enlarged)
    elif fit.shown > 1:
        assert min(fit.width, fit.height) >= LEGIBLE - 1


@pytest.mark.parametrize(
    ("count", "side", "columns", "rows", "expected"),
    [
        (2, 28, 58, 14, GridFit(2, 1, 2, 28, 28, 2, 1)),
        (16, 28, 118, 59, GridFit(4, 4, 16, 28, 28, 2, 1)),
        (16, 28, 80, 22, GridFit(6, 3, 16, 12, 12, 1, 0)),
        (64, 28, 80, 22, GridFit(6, 3, 18, 12, 12, 1, 0)),
        (7, 28, 180, 31, GridFit(4, 2, 7, 28, 28, 2, 1)),
        (16, 8, 80, 22, GridFit(8, 2, 16, 8, 8, 2, 1)),
        (64, 8, 80, 22, GridFit(8, 4, 32, 8, 8, 2, 1)),
        (1, 8, 80, 22, GridFit(1, 1, 1, 40, 40, 2, 5)),
        (16, 28, 80, None, GridFit(4, 4, 16, 19, 19, 1, 0)),
        (3, 8, 80, None, GridFit(3, 1, 3, 24, 24, 2, 3)),
    ],
)
def test_known_grids(
    count: int, side: int, columns: int, rows: int | None, expected: GridFit
) -> None:
    """Digits in panes of usual sizes come out as looked at and found legible."""
    assert fit_grid(count, side, side, columns, rows) == expected


def test_large_picture_is_reduced_in_proportion() -> None:
    """A single large picture fills the width, or the height, and keeps its shape."""
    fit = fit_grid(1, 800, 600, 80)
    assert (fit.width, fit.height, fit.enlarged) == (80, 60, 0)
    fit = fit_grid(1, 800, 600, 80, 15)
    assert (fit.width, fit.height) == (40, 30)


@pytest.mark.parametrize(("side", "least"), [(28, 12), (32, 13), (64, 26), (128, 32), (256, 32)])
def test_pictures_are_not_squeezed_to_digits(side: int, least: int) -> None:
    """What is seen in a picture of 64x64 pixels is lost in a digit's twelve."""
    fit = fit_grid(64, side, side, 78, 34)
    assert fit.width >= least
    assert fit.shown == (78 + 1) // (fit.width + 1) * ((68 + 1) // (fit.width + 1))


def test_characters_need_larger_images() -> None:
    """Where characters stand for brightness, 8x8 images are doubled and 28x28 ones stay large."""
    coloured = Canvas(ColourMode.INDEXED_256, Charset.HALFBLOCK, 80, 22)
    assert fit_canvas(16, 8, 8, coloured) == fit_grid(16, 8, 8, 80, 22)
    for canvas in (
        Canvas(ColourMode.NONE, Charset.HALFBLOCK, 80, 22),
        Canvas(ColourMode.TRUECOLOR, Charset.ASCII, 80, 22),
    ):
        small = fit_canvas(16, 8, 8, canvas)
        assert (small.width, small.enlarged, small.shown) == (16, 2, 8)
        assert fit_canvas(16, 28, 28, canvas).width >= 20
        wide = Canvas(canvas.colour, canvas.charset, 400, 200)
        assert (fit_canvas(1, 8, 8, wide).width, fit_canvas(1, 8, 8, wide).enlarged) == (64, 8)


@given(
    count=st.integers(1, 60),
    side=st.integers(1, 70),
    columns=st.integers(1, 120),
    charset=st.sampled_from(list(Charset)),
)
def test_scrolling_shows_all(count: int, side: int, columns: int, charset: Charset) -> None:
    """With rows without end every image is shown, within the width, however narrow it is."""
    canvas = Canvas(ColourMode.INDEXED_256, charset, columns, 2)
    fit = fit_canvas(count, side, side, canvas, scroll=True)
    assert fit.shown == count <= fit.columns * fit.rows
    assert fit.columns * fit.width + (fit.columns - 1) * fit.padding <= columns


def test_arrange_draws_the_fit() -> None:
    """The picture made of a fit has its size and its images, the first ones, at their places."""
    images = [Raster(8, 8, 1, bytes([value] * 64)) for value in range(100, 140)]
    fit = fit_grid(40, 8, 8, 40, 12)
    laid = arrange(images, fit)
    assert laid.width == fit.columns * fit.width + (fit.columns - 1) * fit.padding
    assert laid.height == fit.rows * fit.height + (fit.rows - 1) * fit.padding
    firsts = [
        laid.row(y * (fit.height + fit.padding))[x * (fit.width + fit.padding)]
        for y in range(fit.rows)
        for x in range(fit.columns)
    ]
    assert firsts[: fit.shown] == list(range(100, 100 + fit.shown))


def test_no_space_is_an_error() -> None:
    """Nothing can be laid out in no columns, and nothing cannot be laid out at all."""
    for sizes in ((0, 8, 8, 80), (1, 0, 8, 80), (1, 8, 8, 0)):
        with pytest.raises(ValueError, match="at least one"):
            fit_grid(*sizes)


@given(
    count=st.integers(1, 200),
    side=st.integers(1, 100),
    columns=st.integers(1, 250),
    legible=st.integers(1, 30),
)
def test_unlimited_rows_leave_no_image_out(
    count: int, side: int, columns: int, legible: int
) -> None:
    """Where output may scroll, all images are shown within the width, however narrow it is."""
    fit = fit_grid(count, side, side, columns, legible=legible)
    assert fit.shown == count
    assert fit.columns * fit.rows >= count
    assert fit.columns * fit.width + (fit.columns - 1) * fit.padding <= columns


@given(
    count=st.integers(1, 200),
    width=st.integers(1, 100),
    height=st.integers(1, 100),
    columns=st.integers(1, 250),
    wanted=st.integers(1, 300),
)
def test_wanted_columns_fit_the_width(
    count: int, width: int, height: int, columns: int, wanted: int
) -> None:
    """As many columns as the caller wants are made, as long as each has a pixel."""
    canvas = Canvas(ColourMode.TRUECOLOR, Charset.HALFBLOCK, columns, 24)
    fit = fit_columns(count, width, height, canvas, wanted)
    assert fit.shown == count
    assert fit.columns == min(wanted, count, (columns + 1) // 2)
    assert fit.columns * fit.width + (fit.columns - 1) * fit.padding <= columns
    if fit.enlarged > 1:
        assert fit.rows * (fit.height + fit.padding) - fit.padding <= 48


@pytest.mark.parametrize(
    ("rows", "wanted", "side"), [(24, 2, 8), (36, 4, 16), (24, 16, 4), (24, 20, 4)]
)
def test_wanted_columns_are_as_large_as_they_can(rows: int, wanted: int, side: int) -> None:
    """Sixteen images of 8x8 are enlarged within the screen, or reduced to its 80 columns."""
    canvas = Canvas(ColourMode.TRUECOLOR, Charset.HALFBLOCK, 80, rows)
    assert fit_columns(16, 8, 8, canvas, wanted).width == side
