"""The samples at four sizes, as text: beside real data, one image alone, and without any yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.base import FULL_CANVAS
from tests.tui.driving import awaited, make_app, screen_text
from tests.tui.golden import assert_golden, at_every_size
from tests.tui.sampled import sampled_run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDir:
    """Give a run in a place that is called the same everywhere."""
    monkeypatch.chdir(tmp_path)
    return sampled_run(Path("checkpoints"))


async def text_after(
    run: RunDir, size: tuple[int, int], *keys: str, canvas: Canvas = FULL_CANVAS
) -> str:
    """Return the screen of a run after some keys in the pane of the samples."""
    app: GantermApp = make_app(run.path.parent, run=run, canvas=canvas)
    async with app.run_test(size=size) as pilot:
        for pressed in ((), ("2",), *((key,) for key in keys)):
            app.read_now()
            await pilot.press(*pressed)
            await pilot.pause()
        return screen_text(app)


@at_every_size
@awaited
async def test_samples_beside_real_data(run: RunDir, size: tuple[int, int]) -> None:
    """An earlier step, with all the room there is."""
    text = await text_after(run, size, "z", "t", "left")
    assert_golden("samples-real", text, size)


@at_every_size
@awaited
async def test_one_image(run: RunDir, size: tuple[int, int]) -> None:
    """The seventh, in the pane beside the charts where there is room for both."""
    text = await text_after(run, size, "enter", *"nnnnnn")
    assert_golden("samples-image", text, size)


@awaited
async def test_samples_in_ascii(run: RunDir) -> None:
    """A terminal without colours and without Unicode."""
    canvas = Canvas(ColourMode.NONE, Charset.ASCII, 80, 24)
    text = await text_after(run, (80, 24), "t", canvas=canvas)
    assert text.isascii()
    assert_golden("samples-ascii", text, (80, 24))
