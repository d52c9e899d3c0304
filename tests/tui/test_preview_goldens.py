"""The samples at four sizes, as text: beside real data, one image alone, and without any yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.runs.layout import RunDir
from ganterm.tui.base import FULL_CANVAS
from tests.tui.driving import awaited, make_app, screen_text
from tests.tui.golden import assert_golden, assert_goldens
from tests.tui.sampled import sampled_run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDir:
    """Give a run in a place that is called the same everywhere."""
    monkeypatch.chdir(tmp_path)
    return sampled_run(Path("checkpoints"))


@asynccontextmanager
async def shown(
    run: RunDir, *keys: str, canvas: Canvas = FULL_CANVAS
) -> AsyncIterator[Pilot[None]]:
    """Watch a run and press keys in the pane of the samples."""
    app = make_app(run.path.parent, run=run, canvas=canvas)
    async with app.run_test(size=(80, 24)) as pilot:
        for pressed in ((), ("2",), *((key,) for key in keys)):
            app.read_now()
            await pilot.press(*pressed)
            await pilot.pause()
        yield pilot


@awaited
async def test_samples_beside_real_data(run: RunDir) -> None:
    """An earlier step, with all the room there is."""
    async with shown(run, "z", "t", "left") as pilot:
        await assert_goldens("samples-real", pilot)


@awaited
async def test_one_image(run: RunDir) -> None:
    """The seventh, in the pane beside the charts where there is room for both."""
    async with shown(run, "enter", *"nnnnnn") as pilot:
        await assert_goldens("samples-image", pilot)


@awaited
async def test_samples_in_ascii(run: RunDir) -> None:
    """A terminal without colours and without Unicode."""
    canvas = Canvas(ColourMode.NONE, Charset.ASCII, 80, 24)
    async with shown(run, "t", canvas=canvas) as pilot:
        text = screen_text(pilot.app)
        assert text.isascii()
        assert_golden("samples-ascii", text, (80, 24))
