"""The monitor at four sizes, as text: a run that trains, one that died, each pane by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.png import save_png
from ganterm.render.raster import Raster
from ganterm.tui.app import GantermApp
from ganterm.tui.screens import steering
from tests.tui.driving import SIZES, awaited, make_app, screen_text
from tests.tui.golden import assert_golden, assert_goldens
from tests.tui.living import LivingRun


@pytest.fixture(autouse=True)
def _gather_until_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a setting as it is being asked for."""
    monkeypatch.setattr(steering, "GATHER_SECONDS", 3600.0)


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingRun]:
    """Give a run with everything that can be shown."""
    with LivingRun(tmp_path) as living:
        for step in (200, 400, 600):
            living.train(step, d_loss=None if step == 400 else 1.0)
            path = living.run.sample_path(step)
            save_png(_grid(step), path)
            living.say("sample", path=str(path.relative_to(living.run.path)))
            living.say("checkpoint", path="checkpoints/any", digest="0")
        args = {"key": "lr_g", "value": 1e-4}
        living.say("control", id="1", name="set", args=args, error="")
        living.train(800)
        living.say("alert", code="saturated", message="D is always right", remedy="lower lr_d")
        living.train(820)
        living.report("running", memory_bytes=300 << 20)
        yield living


def _grid(step: int) -> Raster:
    """Return a sheet of four images of stripes."""
    pixels = bytes((x * step // 100 + y * 16) % 256 for y in range(16) for x in range(16))
    return Raster(16, 16, 1, pixels)


async def _shown(app: GantermApp, pilot: Pilot[None]) -> str:
    for _ in range(3):
        await app.workers.wait_for_complete()
        app.read_now()
        await pilot.pause()
    return screen_text(app)


@awaited
async def test_a_run_that_trains(living: LivingRun) -> None:
    """Curves, samples, settings and story, as much of it as there is room for."""
    app = make_app(living.run.path.parent, run=living.run)
    async with app.run_test(size=SIZES[0]) as pilot:
        await _shown(app, pilot)
        await assert_goldens("monitor", pilot)
        # The crosshair in a window that was zoomed, smoothed and drawn on a log scale.
        await pilot.press("m", "m", "plus", "s", "l")
        await _shown(app, pilot)
        await assert_goldens("monitor-reading", pilot)
        # The settings with what was changed and is being asked for; beside them the log.
        await pilot.press("0", "end", "s", "s", "s", "l")
        await pilot.press("3", "down", "right", "down", "down")
        await _shown(app, pilot)
        await assert_goldens("monitor-steering", pilot)


@awaited
async def test_a_run_whose_worker_was_killed(living: LivingRun) -> None:
    """What happened, the worker's last words and the way on."""
    living.run.log.write_text("loading\nKilled\n")
    living.die()
    app = make_app(living.run.path.parent, run=living.run)
    async with app.run_test(size=SIZES[0]) as pilot:
        await _shown(app, pilot)
        await assert_goldens("monitor-crashed", pilot)


@awaited
async def test_the_monitor_in_ascii(living: LivingRun) -> None:
    """A terminal without Unicode and colours gets the same in ASCII alone."""
    canvas = Canvas(ColourMode.NONE, Charset.ASCII, 80, 24)
    app = make_app(living.run.path.parent, run=living.run, canvas=canvas)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await _shown(app, pilot)
        assert text.isascii()
        assert_golden("monitor-ascii", text, (80, 24))
