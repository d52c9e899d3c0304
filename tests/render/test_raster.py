"""Rasters are cut, padded, scaled and laid out pixel for pixel."""

import pytest

from ganterm.render.raster import Raster, from_nchw, grid

SMALL = Raster(3, 2, 1, bytes([1, 2, 3, 4, 5, 6]))
COLOUR = Raster(2, 1, 3, bytes([255, 0, 0, 10, 20, 30]))


@pytest.mark.parametrize(
    ("width", "height", "channels", "pixels"),
    [(2, 2, 1, b"123"), (2, 2, 2, bytes(8)), (-1, -1, 1, b"1")],
)
def test_sizes_must_agree(width: int, height: int, channels: int, pixels: bytes) -> None:
    """A raster whose numbers contradict its bytes cannot be made."""
    with pytest.raises(ValueError, match=r"raster|bytes"):
        Raster(width, height, channels, pixels)


def test_crop_and_pad_undo_each_other() -> None:
    """Padding puts margins of the value around, and cropping takes exactly them away."""
    padded = SMALL.pad(left=1, top=2, right=3, bottom=1, value=9)
    assert (padded.width, padded.height) == (7, 5)
    assert padded.row(2) == bytes([9, 1, 2, 3, 9, 9, 9])
    assert padded.row(0) == padded.row(4) == bytes([9] * 7)
    assert padded.crop(1, 2, 3, 2) == SMALL
    assert COLOUR.pad(left=1).crop(1, 0, 2, 1) == COLOUR
    with pytest.raises(ValueError, match="no 3x3"):
        SMALL.crop(0, 0, 3, 3)


def test_enlarging_repeats_pixels() -> None:
    """Twice as large is every pixel twice; colours stay together."""
    assert SMALL.scale(6, 4).rows() == [
        bytes([1, 1, 2, 2, 3, 3]),
        bytes([1, 1, 2, 2, 3, 3]),
        bytes([4, 4, 5, 5, 6, 6]),
        bytes([4, 4, 5, 5, 6, 6]),
    ]
    assert COLOUR.scale(4, 1).pixels == bytes([255, 0, 0] * 2 + [10, 20, 30] * 2)


def test_reducing_averages() -> None:
    """Half as large is the mean of each block of four; an odd ratio keeps the mean brightness."""
    block = Raster(4, 2, 1, bytes([0, 100, 8, 8, 100, 200, 8, 8]))
    assert block.scale(2, 1).pixels == bytes([100, 8])
    even = Raster(28, 28, 1, bytes([77]) * 784).scale(12, 12)
    assert even.pixels == bytes([77]) * 144
    for x in range(28):
        stroke = Raster(28, 28, 1, bytes([0] * x + [252] + [0] * (27 - x)) * 28)
        assert sum(stroke.scale(12, 12).row(5)) == pytest.approx(252 * 12 / 28, rel=0.25)
    assert SMALL.scale(3, 2) is SMALL
    assert SMALL.scale(0, 0).pixels == b""


def test_one_side_up_one_side_down() -> None:
    """Each side is scaled on its own."""
    assert Raster(2, 2, 1, bytes([10, 20, 30, 40])).scale(4, 1).pixels == bytes([20, 20, 30, 30])


def test_channels() -> None:
    """Grey and RGB convert into each other, and RGB that has no colour is found to be grey."""
    assert SMALL.to_rgb().to_grey() == SMALL
    assert SMALL.to_rgb().without_false_colour() == SMALL
    assert COLOUR.without_false_colour() is COLOUR
    assert COLOUR.to_grey().pixels == bytes([76, 18])


def test_tensor_bytes_become_rasters() -> None:
    """The bytes of (N, C, H, W) become N rasters with channels last."""
    assert from_nchw(bytes(range(12)), (2, 1, 2, 3)) == [
        Raster(3, 2, 1, bytes(range(6))),
        Raster(3, 2, 1, bytes(range(6, 12))),
    ]
    assert from_nchw(bytes(range(6)), (1, 3, 1, 2)) == [Raster(2, 1, 3, bytes([0, 2, 4, 1, 3, 5]))]
    with pytest.raises(ValueError, match="is not 5 bytes"):
        from_nchw(bytes(5), (1, 1, 2, 3))


def test_grid_places_every_image() -> None:
    """Images go row by row, padding between them and none around; free places are background."""
    tiles = [Raster(2, 2, 1, bytes([value] * 4)) for value in (10, 20, 30)]
    laid = grid(tiles, 2, padding=1, background=5)
    assert laid.rows() == [
        bytes([10, 10, 5, 20, 20]),
        bytes([10, 10, 5, 20, 20]),
        bytes([5] * 5),
        bytes([30, 30, 5, 5, 5]),
        bytes([30, 30, 5, 5, 5]),
    ]
    assert grid(tiles[:1], 4) == tiles[0]


def test_grid_of_mixed_channels_is_rgb() -> None:
    """One coloured image makes the whole grid RGB."""
    laid = grid([Raster(2, 1, 1, bytes([7, 8])), COLOUR], 1, padding=0)
    assert laid.pixels == bytes([7, 7, 7, 8, 8, 8]) + COLOUR.pixels


def test_grid_refuses_what_does_not_fit() -> None:
    """Nothing to lay out, unequal sizes and no columns are errors."""
    for tiles, columns in (([], 1), ([SMALL], 0), ([SMALL, COLOUR], 2)):
        with pytest.raises(ValueError, match="grid"):
            grid(tiles, columns)
