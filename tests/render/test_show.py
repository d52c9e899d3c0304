"""Many pictures are drawn as one grid that fits the canvas."""

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.raster import Raster
from ganterm.render.show import draw_many, draw_page
from tests.render.helpers import shown, synthetic_digit

DIGITS = [Raster(28, 28, 1, synthetic_digit(seed)) for seed in range(16)]


def test_what_the_screen_holds_is_drawn_on_it() -> None:
    """Images that are all legible within the screen do not scroll off it."""
    canvas = Canvas(ColourMode.INDEXED_256, Charset.HALFBLOCK, 80, 24)
    lines, count = draw_many(DIGITS, canvas)
    assert count == 16
    assert len(lines) <= 24


def test_more_images_than_the_screen_holds_scroll() -> None:
    """Where output may scroll, all images are shown within the width."""
    canvas = Canvas(ColourMode.INDEXED_256, Charset.HALFBLOCK, 80, 24)
    lines, count = draw_many(DIGITS * 4, canvas)
    assert count == 64
    assert len(lines) > 24
    assert max(len(shown(line)) for line in lines) <= 80


def test_a_page_shows_images_as_they_are() -> None:
    """Without a screen, images that fit the width are neither enlarged nor reduced."""
    canvas = Canvas(ColourMode.INDEXED_256, Charset.HALFBLOCK, 200, 400)
    assert len(draw_page(DIGITS[:6], canvas)) == 14
    assert len(draw_many(DIGITS[:6], canvas)[0]) > 14
    assert draw_page([], canvas) == []


def test_columns_are_kept_however_narrow_the_screen() -> None:
    """Rows of as many images as the caller wants are reduced to the width, all images shown."""
    canvas = Canvas(ColourMode.INDEXED_256, Charset.HALFBLOCK, 80, 24)
    lines, count = draw_many(DIGITS, canvas, columns=8)
    assert count == 16
    # Eight images of 9 pixels and seven gaps of one; two rows of them and a gap.
    assert [len(shown(line)) for line in lines] == [79] * 10
    assert draw_page(DIGITS, canvas, columns=8) == lines


def test_a_pane_shows_what_fits() -> None:
    """Where it may not, the grid stays within the rows and the count says how many were left."""
    for canvas in (
        Canvas(ColourMode.NONE, Charset.ASCII, 60, 12),
        Canvas(ColourMode.TRUECOLOR, Charset.HALFBLOCK, 60, 12),
    ):
        lines, count = draw_many(DIGITS, canvas, scroll=False)
        assert len(lines) <= 12
        assert 1 <= count < 16
    assert draw_many([], canvas) == ([], 0)
