"""The encoder shows the pixels it was given, in few runs, and a frame keeps its byte budget."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.halfblock import Run, draw, encode, line_to_ansi
from ganterm.render.palette import CUBE, GREYS, RAMP, channel_levels, snap
from ganterm.render.raster import Raster
from tests.render.helpers import (
    MNIST,
    Pixels,
    mnist_digit,
    noisy,
    shown,
    side_by_side,
    synthetic_digit,
)

COLOURS = [ColourMode.TRUECOLOR, ColourMode.INDEXED_256, ColourMode.INDEXED_16]
LIMITS = {ColourMode.TRUECOLOR: 8000, ColourMode.INDEXED_256: 5000, ColourMode.INDEXED_16: 4000}

rasters = st.tuples(
    st.integers(1, 9), st.integers(1, 7), st.sampled_from([1, 3]), st.randoms(use_true_random=False)
).map(
    lambda drawn: Raster(
        *drawn[:3],
        bytes(
            drawn[3].choice((0, 0, 0, 30, 100, 200, 255))
            for _ in range(drawn[0] * drawn[1] * drawn[2])
        ),
    )
)


def on(mode: ColourMode, charset: Charset = Charset.HALFBLOCK) -> Canvas:
    return Canvas(mode, charset, 80, 24)


def frame_bytes(lines: list[str]) -> int:
    return len("\n".join(lines).encode())


def sixteen(raster: Raster, mode: ColourMode) -> list[str]:
    return [line_to_ansi(runs, mode) for runs in encode(raster, 16, mode=mode)]


def nearest(raster: Raster, levels: int, mode: ColourMode) -> list[list[Pixels]]:
    """Return what a terminal has to show, worked out pixel by pixel."""
    values = channel_levels(levels, mode, rgb=raster.channels == 3)
    if raster.height % 2:
        raster = raster.pad(bottom=1)

    def colour(x: int, y: int) -> int:
        pixel = raster.crop(x, y, 1, 1).to_rgb().pixels
        rounded = [min(values, key=lambda level: abs(level - value)) for value in pixel]
        return snap(rounded[0] << 16 | rounded[1] << 8 | rounded[2], mode)

    return [
        [Pixels(colour(x, y), colour(x, y + 1)) for x in range(raster.width)]
        for y in range(0, raster.height, 2)
    ]


@pytest.mark.parametrize("mode", COLOURS)
@given(raster=rasters, levels=st.sampled_from([2, 5, 8, 16]))
def test_terminal_shows_every_pixel(mode: ColourMode, raster: Raster, levels: int) -> None:
    """Read back from its SGR sequences, a drawing is the raster rounded to the levels there are."""
    lines = [line_to_ansi(runs, mode) for runs in encode(raster, levels, mode=mode)]
    assert [shown(line) for line in lines] == nearest(raster, levels, mode)


@given(raster=rasters)
def test_truecolour_shows_the_very_pixels(raster: Raster) -> None:
    """What rests is not rounded at all: each cell has the two colours that the pixels have."""
    lines = draw(raster, on(ColourMode.TRUECOLOR))
    assert [shown(line) for line in lines] == nearest(raster, 256, ColourMode.TRUECOLOR)


def test_256_colours_have_sixteen_greys_at_least() -> None:
    """A ramp from black to white is drawn in all thirty greys of the palette."""
    ramp = Raster(256, 2, 1, bytes(range(256)) * 2)
    (line,) = draw(ramp, on(ColourMode.INDEXED_256))
    greys = {cell.upper for cell in shown(line)}
    assert len(greys) == len({*CUBE, *RAMP}) == 30


@pytest.mark.parametrize("mode", [ColourMode.INDEXED_256, ColourMode.INDEXED_16])
@pytest.mark.parametrize("colour", [(122, 72, 28), (40, 110, 50), (200, 150, 100), (90, 90, 200)])
def test_a_palette_shows_colours_on_average(mode: ColourMode, colour: tuple[int, int, int]) -> None:
    """A brown or a green that the palette lacks is mixed of what it has, and does not turn grey."""
    raster = Raster(32, 32, 3, bytes(colour) * 32 * 32)
    drawn = [value for line in draw(raster, on(mode)) for cell in shown(line) for value in cell]
    for shift, wanted in zip((16, 8, 0), colour, strict=True):
        mean = sum((value or 0) >> shift & 0xFF for value in drawn) / len(drawn)
        assert abs(mean - wanted) < 12


@given(raster=rasters)
def test_runs_are_merged(raster: Raster) -> None:
    """No two neighbouring runs have the same colours, and a line has a character per column."""
    for runs in encode(raster):
        assert sum(len(run.text) for run in runs) == raster.width
        assert all((a.fg, a.bg) != (b.fg, b.bg) for a, b in pairwise(runs))


def test_equal_halves_are_spaces() -> None:
    """Cells whose halves match cost one byte: an even picture is a background and spaces."""
    assert encode(Raster(5, 4, 1, bytes(20))) == [[Run("     ", None, 0)]] * 2
    grey = GREYS[channel_levels(8, ColourMode.TRUECOLOR, rgb=False)[3]]
    assert encode(Raster(5, 2, 1, bytes([109] * 10))) == [[Run("     ", None, grey)]]


def test_swapped_halves_need_no_new_colours() -> None:
    """A lower half block shows swapped pixels, a full block the foreground, without any change."""
    top, bottom = bytes([0, 255, 0, 255, 0]), bytes([0, 0, 255, 255, 0])
    assert encode(Raster(5, 2, 1, top + bottom)) == [[Run(" ▀▄█ ", 0xFFFFFF, 0)]]


def test_only_changes_are_written() -> None:
    """A sequence sets what differs from the run before, and the line ends in one reset."""
    runs = [Run("  ", None, 0), Run("▀", 0xFFFFFF, 0), Run("▀▀", 0xFFFFFF, 0x585858)]
    assert line_to_ansi(runs, ColourMode.TRUECOLOR) == (
        "\x1b[48;2;0;0;0m  \x1b[38;2;255;255;255m▀\x1b[48;2;88;88;88m▀▀\x1b[0m"
    )
    assert line_to_ansi(runs, ColourMode.INDEXED_256) == (
        "\x1b[48;5;16m  \x1b[38;5;231m▀\x1b[48;5;240m▀▀\x1b[0m"
    )
    assert line_to_ansi(runs, ColourMode.INDEXED_16) == "\x1b[40m  \x1b[97m▀\x1b[100m▀▀\x1b[0m"
    assert line_to_ansi([], ColourMode.TRUECOLOR) == ""


def test_no_colour_writes_no_escape() -> None:
    """Without colours, and in ASCII, no escape sequence is written, and ASCII is ASCII."""
    raster = side_by_side(synthetic_digit(1), synthetic_digit(2))
    for canvas in (on(ColourMode.NONE), on(ColourMode.TRUECOLOR, Charset.ASCII)):
        lines = draw(raster, canvas)
        assert [len(line) for line in lines] == [56] * 14
        assert "\x1b" not in "".join(lines)
    assert "".join(draw(raster, on(ColourMode.TRUECOLOR, Charset.ASCII))).isascii()
    with pytest.raises(ValueError, match="no colour parameters"):
        line_to_ansi([Run(" ", None, 0)], ColourMode.NONE)


@pytest.mark.parametrize("sigma", [0, 15, 30, 50, 100])
@pytest.mark.parametrize("mode", COLOURS)
def test_noisy_digits_keep_the_budget(mode: ColourMode, sigma: int) -> None:
    """A 56x14-cell frame of two noisy digits takes at most 8,000, 5,000 and 4,000 bytes."""
    for seed in range(6):
        left, right = (noisy(synthetic_digit(n), sigma, n) for n in (2 * seed, 2 * seed + 1))
        lines = draw(side_by_side(left, right), on(mode), sparing=True)
        assert [len(shown(line)) for line in lines] == [56] * 14
        assert frame_bytes(lines) <= LIMITS[mode]


@pytest.mark.skipif(not MNIST.exists(), reason="MNIST is not at ../shared/data/mnist")
@pytest.mark.parametrize("mode", COLOURS)
def test_real_noisy_digits_keep_the_budget(mode: ColourMode) -> None:
    """The same holds for real digits of MNIST, and clean ones are drawn in 16 levels."""
    for index in range(0, 20, 2):
        clean = side_by_side(mnist_digit(index), mnist_digit(index + 1))
        assert draw(clean, on(mode), sparing=True) == sixteen(clean, mode)
        dirty = Raster(56, 28, 1, noisy(clean.pixels, 30, index))
        assert frame_bytes(draw(dirty, on(mode), sparing=True)) <= LIMITS[mode]


@pytest.mark.parametrize("mode", COLOURS)
def test_worst_frame_keeps_the_budget(mode: ColourMode) -> None:
    """Not even white noise goes over the budget, whatever the size from 28x28 on."""
    for width, height in ((28, 28), (56, 28), (120, 60)):
        raster = Raster(width, height, 1, random.Random(7).randbytes(width * height))
        cells = width * height // 2
        spared = draw(raster, on(mode), sparing=True)
        assert frame_bytes(spared) <= LIMITS[mode] * max(cells, 784) / 784


@pytest.mark.parametrize("mode", COLOURS[:2])
def test_budget_leaves_moderate_noise_legible(mode: ColourMode) -> None:
    """With noise of a tenth of the range, no pixel is drawn further off than a seventh of it."""
    raster = side_by_side(noisy(synthetic_digit(3), 25, 1), noisy(synthetic_digit(4), 25, 2))
    rows = raster.rows()
    for y, line in enumerate(draw(raster, on(mode), sparing=True)):
        for x, cell in enumerate(shown(line)):
            for drawn, pixel in zip(cell, (rows[2 * y][x], rows[2 * y + 1][x]), strict=True):
                assert drawn is not None
                assert abs((drawn & 0xFF) - pixel) <= 255 / 7


def test_small_frames_are_not_reduced() -> None:
    """An 8x8 image is small enough to be drawn in 16 levels, noise or not."""
    raster = Raster(8, 8, 1, random.Random(1).randbytes(64))
    for mode in COLOURS:
        assert draw(raster, on(mode), sparing=True) == sixteen(raster, mode)


def test_empty_raster_has_no_cells() -> None:
    """A raster without pixels draws nothing and fails at nothing."""
    for width, height in ((0, 0), (0, 2), (2, 0)):
        for channels in (1, 3):
            for mode in ColourMode:
                assert "".join(draw(Raster(width, height, channels, b""), on(mode))) == ""
