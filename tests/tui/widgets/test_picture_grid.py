"""Pictures come at their best size; only lines that look different are painted, for few bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.halfblock import encode
from ganterm.render.layout import arrange, fit_canvas
from ganterm.render.raster import Raster
from ganterm.render.tint import Tone
from ganterm.tui.app import GantermApp
from ganterm.tui.base import AppOptions
from ganterm.tui.terminal.pace import LOW_BANDWIDTH
from ganterm.tui.widgets.picture_grid import PictureGrid
from tests.render.helpers import mnist_digit, noisy
from tests.tui.driving import awaited, painted
from tests.tui.recording import driver_of, recorded, taken
from tests.tui.sampled import bars

FRAMES = {(56, 14): {"truecolor": 8000, "256": 5000}, (112, 28): {"truecolor": 25600, "256": 16300}}
"""Bytes that one frame of 16 MNIST digits may take, by cells and colours."""


def app_with(
    tmp_path: Path,
    mode: ColourMode = ColourMode.TRUECOLOR,
    frame_bytes: int | None = None,
    rest_seconds: float = 3600.0,
) -> GantermApp:
    canvas = Canvas(mode, Charset.HALFBLOCK, 80, 24)
    still = replace(LOW_BANDWIDTH, frame_bytes=frame_bytes, rest_seconds=rest_seconds)
    return recorded(AppOptions(tmp_path, canvas=canvas, pace=still, background=False))


async def grid_on(app: GantermApp, pilot: Pilot[None], width: int, height: int) -> PictureGrid:
    """Put a grid of that size on the screen, and nothing beside it that could be painted."""
    grid = PictureGrid(id="fake-pictures")
    await app.push_screen(Screen())
    await app.screen.mount(grid)
    grid.styles.width, grid.styles.height = width, height
    await painted(pilot)
    taken(app)
    return grid


def digit(index: int, noise: float = 0.0) -> Raster:
    pixels = mnist_digit(index)
    return Raster(28, 28, 1, noisy(pixels, noise, seed=index) if noise else pixels)


def strips(grid: PictureGrid) -> list[Strip]:
    return [grid.render_line(y) for y in range(grid.size.height)]


@awaited
async def test_the_screen_shows_the_pixels(tmp_path: Path) -> None:
    """Cell by cell what the encoder makes of the best grid, in the middle of the widget."""
    images = [bars(300, index) for index in range(4)]
    app = app_with(tmp_path)
    async with app.run_test(headless=False, size=(60, 20)) as pilot:
        grid = await grid_on(app, pilot, 50, 12)
        grid.show(images, Tone())
        await painted(pilot)
        fit = fit_canvas(4, 8, 8, replace(app.options.canvas, columns=50, rows=12))
        assert grid.fit == fit
        raster = arrange(images, fit)
        expected = ["".join(run.text for run in line) for line in encode(raster, 16)]
        left = (50 - raster.width) // 2
        looks = driver_of(app).screen.looks
        for y in range(0, raster.height, 2):
            for x in range(raster.width):
                pair = [raster.row(min(y + half, raster.height - 1))[x] for half in (0, 1)]
                assert looks[y // 2][left + x] == tuple(f"8;2;{v};{v};{v}" for v in pair)
        assert len(expected) == -(-raster.height // 2)


@awaited
async def test_each_class_has_a_row_or_a_column(tmp_path: Path) -> None:
    """Of four classes of four images; what is clicked is the image that is seen there."""
    images = [bars(300, 2 * (index // 4) + 1) for index in range(16)]
    app = app_with(tmp_path)
    picked: list[int] = []

    def note(message: object) -> None:
        if isinstance(message, PictureGrid.Picked):
            picked.append(message.index)

    async with app.run_test(headless=False, size=(60, 20), message_hook=note) as pilot:
        grid = await grid_on(app, pilot, 38, 9)
        grid.show(images, Tone(), classes=4)
        await painted(pilot)
        assert grid.laid is not None
        assert (grid.laid.abreast, grid.fit and grid.fit.columns) == (4, 4)
        assert grid.laid.order == (0, 4, 8, 12, 1, 5, 9, 13)
        await pilot.click(grid, offset=(12, 1))
        assert set(picked) == {4}
        grid.show(images[:1], Tone())
        assert grid.laid is None


@awaited
async def test_only_lines_that_look_different_are_painted(tmp_path: Path) -> None:
    """One image of the upper row changes in its lower half: those lines are new, no others."""
    app = app_with(tmp_path)
    async with app.run_test(headless=False, size=(60, 20)) as pilot:
        grid = await grid_on(app, pilot, 50, 12)
        images = [bars(300, index) for index in range(4)]
        grid.show(images, Tone())
        await painted(pilot)
        before, whole = strips(grid), taken(app)
        changed = Raster(8, 8, 1, images[1].pixels[:32] + bytes(32))
        grid.show([images[0], changed, *images[2:]], Tone())
        after = strips(grid)
        new = [y for y in range(12) if after[y] is not before[y]]
        assert grid.fit is not None
        half = grid.fit.height // 4
        assert new == list(range(half, 2 * half))
        await painted(pilot)
        assert 0 < taken(app) < whole / 3


@awaited
async def test_an_unchanged_frame_costs_nothing(tmp_path: Path) -> None:
    """The same samples drawn once more: no line is painted and no byte is sent."""
    app = app_with(tmp_path)
    async with app.run_test(headless=False, size=(60, 20)) as pilot:
        grid = await grid_on(app, pilot, 50, 12)
        for _ in range(3):
            grid.show([bars(300, index) for index in range(16)], Tone())
            await painted(pilot)
            sent = taken(app)
        assert sent == 0
        grid.refresh()
        await painted(pilot)
        assert taken(app) == 0


@pytest.mark.parametrize("mode", [ColourMode.TRUECOLOR, ColourMode.INDEXED_256])
@awaited
async def test_a_frame_keeps_its_budget(
    mnist_files: Path, tmp_path: Path, mode: ColourMode
) -> None:
    """Real digits under noise, as a young generator draws them, over a frame of clean ones."""
    app = app_with(tmp_path, mode)
    async with app.run_test(headless=False, size=(120, 40)) as pilot:
        for size, budgets in FRAMES.items():
            grid = await grid_on(app, pilot, *size)
            for noise in (0.0, 25.0):
                grid.show([digit(index, noise) for index in range(16)], Tone())
                await painted(pilot)
                assert 0 < taken(app) <= budgets[mode.value]


@awaited
async def test_a_slow_connection_gets_fewer_greys(mnist_files: Path, tmp_path: Path) -> None:
    """The pace says how many bytes a picture may take."""
    images = [digit(index, noise=25.0) for index in range(16)]
    app = app_with(tmp_path, frame_bytes=3000)
    async with app.run_test(headless=False, size=(120, 40)) as pilot:
        grid = await grid_on(app, pilot, 56, 14)
        grid.show(images, Tone())
        await painted(pilot)
        assert taken(app) <= 3100


@pytest.mark.parametrize("rest_seconds", [0.0, 0.01], ids=["local", "remote"])
@awaited
async def test_a_picture_that_rests_is_drawn_in_all_its_levels(
    tmp_path: Path, rest_seconds: float
) -> None:
    """At once where bytes are cheap; else in few levels first, and then line by line."""
    app = app_with(tmp_path, frame_bytes=600, rest_seconds=rest_seconds)
    picture = Raster(32, 16, 1, bytes(range(0, 256, 8)) * 16)
    async with app.run_test(headless=False, size=(60, 20)) as pilot:
        grid = await grid_on(app, pilot, 32, 8)
        pauses: list[float] = []
        if rest_seconds:
            grid._refine_in = pauses.append  # type: ignore[assignment, method-assign]  # a clock by hand
        grid.show([picture], Tone())
        coarse = {run.fg for line in grid._lines for run in line}
        assert (len(coarse) < 10) == bool(rest_seconds)
        assert pauses == ([rest_seconds] if rest_seconds else [])
        while pauses:
            pauses.clear()
            grid._refine()
        await painted(pilot)
        looks = driver_of(app).screen.looks
        for y in range(8):
            assert looks[y][:32] == [(f"8;2;{v};{v};{v}",) * 2 for v in range(0, 256, 8)]


@pytest.mark.parametrize("mode", [ColourMode.INDEXED_16, ColourMode.INDEXED_256])
@awaited
async def test_no_themes_colour_gets_into_a_picture(tmp_path: Path, mode: ColourMode) -> None:
    """Black is black and white white, whatever stands for them in the words around."""
    app = app_with(tmp_path, mode)
    async with app.run_test(headless=False, size=(60, 20)) as pilot:
        grid = await grid_on(app, pilot, 50, 12)
        white = Raster(8, 8, 1, bytes([255]) * 64)
        grid.show([white, Raster(8, 8, 1, bytes(64))], Tone())
        full, none = ("b7", "0") if mode is ColourMode.INDEXED_16 else ("8;5;231", "8;5;16")
        for theme in ("night", "day", "contrast"):
            app.theme = theme
            await painted(pilot)
            row = driver_of(app).screen.looks[1][grid._left : grid._left + grid._picture_width]
            assert {colour for look in row for colour in look} == {full, none}


@awaited
async def test_another_theme_paints_what_is_around(tmp_path: Path) -> None:
    """Words and margins take its colours at once."""
    app = app_with(tmp_path)
    async with app.run_test(headless=False, size=(60, 20)) as pilot:
        grid = await grid_on(app, pilot, 50, 12)
        grid.show([], Tone(), words="no samples yet")
        await painted(pilot)
        before = driver_of(app).screen.looks[6][0]
        app.theme = "day"
        await painted(pilot)
        assert driver_of(app).screen.looks[6][0] != before
        assert "no samples yet" in driver_of(app).screen.text
