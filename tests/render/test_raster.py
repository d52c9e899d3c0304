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


RGBA = Raster(2, 1, 4, bytes([255, 0, 0, 255, 9, 9, 9, 0]))


def test_what_is_transparent_is_seen_over_a_checkerboard_and_has_no_part_in_averages() -> None:
    """Red beside nothing is red at half the alpha, not darker; grids of it have clear gaps."""
    assert RGBA.scale(1, 1).pixels == bytes([255, 0, 0, 128])
    shown = Raster(16, 16, 4, bytes(4 * 256)).opaque()
    assert shown.row(0) == bytes([96] * 6 + [144] * 6) * 4
    assert shown.row(2) == bytes([144] * 6 + [96] * 6) * 4
    assert RGBA.opaque().pixels[:3] == bytes([255, 0, 0])
    assert COLOUR.opaque() is COLOUR
    laid = grid([RGBA, COLOUR], 2, padding=1)
    assert laid.pixels == RGBA.pixels + bytes(4) + COLOUR.to_rgba().pixels
    assert RGBA.without_false_colour() is RGBA
    assert COLOUR.to_rgba().without_false_colour() == COLOUR


def test_tensors_hold_colours_multiplied_by_alpha_and_rasters_do_not() -> None:
    """A colour above its alpha, which a generator may make, is as bright as there is."""
    planes = bytes([100, 200]) + bytes([50, 0]) + bytes([0, 0]) + bytes([100, 100])
    (raster,) = from_nchw(planes, (1, 4, 1, 2))
    assert raster.pixels == bytes([255, 127, 0, 100, 255, 0, 0, 100])


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
