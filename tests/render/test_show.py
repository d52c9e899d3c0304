"""Many pictures are drawn as one grid that fits the canvas."""

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.raster import Raster
from ganterm.render.show import draw_many
from tests.render.helpers import shown, synthetic_digit

DIGITS = [Raster(28, 28, 1, synthetic_digit(seed)) for seed in range(16)]


def test_all_images_are_shown_scrolling() -> None:
    """Where output may scroll, all images are shown within the width."""
    canvas = Canvas(ColourMode.INDEXED_256, Charset.HALFBLOCK, 80, 24)
    lines, count = draw_many(DIGITS, canvas)
    assert count == 16
    assert len(lines) > 24
    assert max(len(shown(line)) for line in lines) <= 80


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
