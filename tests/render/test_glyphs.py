"""Characters show where in the cell a stroke lies, and brighter pixels as fuller characters."""

import pytest

from ganterm.render.colour import Charset
from ganterm.render.glyphs import draw_glyphs
from ganterm.render.raster import Raster
from tests.render.helpers import side_by_side, synthetic_digit


def test_halves_of_a_cell() -> None:
    """Upper and lower pixels give characters inked above and below; faint noise gives none."""
    raster = Raster(6, 2, 1, bytes([0, 255, 0, 255, 128, 20, 0, 0, 255, 255, 128, 20]))
    assert draw_glyphs(raster, Charset.HALFBLOCK) == [" ▀▄█▒ "]
    raster = Raster(6, 2, 1, bytes([0, 80, 0, 255, 128, 20, 0, 0, 80, 255, 128, 20]))
    assert draw_glyphs(raster, Charset.ASCII) == [" '.@= "]


@pytest.mark.parametrize("charset", list(Charset))
def test_brightness_ascends(charset: Charset) -> None:
    """An even ramp starts with a space, ends in the fullest character and repeats none."""
    ramp = bytes(range(256))
    (line,) = draw_glyphs(Raster(256, 2, 1, ramp + ramp), charset)
    assert line[0] == " "
    assert line[-1] in "█@"
    stretches = [a for a, b in zip(line, line[1:] + "\0", strict=True) if a != b]
    assert len(stretches) == len(set(stretches)) >= 5


def test_digits_have_every_column() -> None:
    """A frame of digits keeps its shape in characters; an odd last row counts as half a cell."""
    raster = side_by_side(synthetic_digit(1), synthetic_digit(2))
    for charset in Charset:
        assert [len(line) for line in draw_glyphs(raster, charset)] == [56] * 14
        assert len(draw_glyphs(raster.crop(0, 0, 56, 27), charset)) == 14
        assert draw_glyphs(raster.to_rgb(), charset) == draw_glyphs(raster, charset)
