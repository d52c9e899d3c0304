"""The judge's screen at four sizes, as text: scores, each pane by itself, nothing judged yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from tests.tui.driving import SIZES, awaited, make_app, screen_text
from tests.tui.golden import assert_golden, assert_goldens
from tests.tui.judged import judge, judged_run


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    """Give a run that two judges saw, one of them in two ways, among others."""
    run = judged_run(tmp_path, steps=(100, 200, 300))
    judge(run, [300], judge="ffee00aa11", judge_name="Inception v3", fid=112.0)
    judge(run, [150, 350], n=2000, fid=40.0)
    judge(run, [400])
    judge(judged_run(tmp_path, "sngan-001", ()), [400], fid=9.1, precision=0.93)
    return run


async def shown(app: GantermApp, pilot: Pilot[None], run: RunDir, *keys: str) -> str:
    """Open the run, press keys, and return the screen."""
    app.read_now()
    app.judge_run(run)
    for _ in range(3):
        app.read_now()
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()
    return screen_text(app)


@awaited
async def test_a_judged_run_and_one_that_was_not(run: RunDir, tmp_path: Path) -> None:
    """Figures beside the floor, a score over the steps; or what to do about it, in words."""
    app = make_app(tmp_path)
    async with app.run_test(size=SIZES[0]) as pilot:
        await shown(app, pilot, run)
        await assert_goldens("judge", pilot)
        await shown(app, pilot, judged_run(tmp_path / "other", steps=()))
        await assert_goldens("judge-nothing", pilot)


@awaited
async def test_each_pane(run: RunDir, tmp_path: Path) -> None:
    """Classes, pictures and other runs where there is room for one pane alone."""
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        for pane in ("2", "3", "4"):
            text = await shown(app, pilot, run, pane, "left")
            assert_golden(f"judge-pane-{pane}", text, (80, 24))
            await pilot.press("right")


@awaited
async def test_the_judge_in_ascii(run: RunDir, tmp_path: Path) -> None:
    """A terminal without Unicode and colours gets the same in ASCII alone."""
    canvas = Canvas(ColourMode.NONE, Charset.ASCII, 120, 40)
    app = make_app(tmp_path, canvas=canvas)
    async with app.run_test(size=(120, 40)) as pilot:
        text = await shown(app, pilot, run)
        assert text.isascii()
        assert_golden("judge-ascii", text, (120, 40))
