"""Two runs on one screen, one after the other: what belongs to one is never seen of the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from ganterm.runs.control import pending
from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.screens import steering
from ganterm.tui.screens.compare import CompareScreen, DiffTable
from ganterm.tui.screens.monitor import MonitorScreen
from ganterm.tui.widgets.log_tail import LogTail
from tests.tui.driving import awaited, make_app, screen_text, write_run
from tests.tui.judged import judged_run
from tests.tui.living import LivingRun


@pytest.fixture(autouse=True)
def _gather_until_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send small changes when the test says so, however long its key presses take."""
    monkeypatch.setattr(steering, "GATHER_SECONDS", 3600.0)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[LivingRun, LivingRun]]:
    with LivingRun(tmp_path, "first") as first, LivingRun(tmp_path, "second") as second:
        first.train(400)
        second.train(200)
        yield first, second


async def look(app: GantermApp, pilot: Pilot[None]) -> MonitorScreen:
    """Read the runs, and wait until what was read is shown."""
    await app.workers.wait_for_complete()
    app.read_now()
    await pilot.pause()
    base = app.screen_stack[0]
    assert isinstance(base, MonitorScreen)
    return base


def asked(run: RunDir) -> list[tuple[str, object]]:
    return [(command.name, command.args.get("key")) for command in pending(run.control)]


@awaited
async def test_the_monitor_is_that_of_the_run_it_shows(
    two: tuple[LivingRun, LivingRun], tmp_path: Path
) -> None:
    """Neither orders nor words nor places of the run before; what was gathered goes to that run."""
    first, second = (each.run for each in two)
    ended = write_run(tmp_path, "ended")
    app = make_app(tmp_path, run=first)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await look(app, pilot)
        await pilot.press("full_stop", "k", "home", "4", "up", "up")
        await look(app, pilot)
        screen.steering.said = [(400, "of the first")]
        app.watch_run(second)
        screen = await look(app, pilot)
        assert asked(first) == [("checkpoint", None), ("set", "lr_g")]
        assert asked(second) == []
        assert not screen.steering.pending.waiting
        assert not screen.steering.pending.queued
        assert {row.note.startswith("asked") for row in screen.values.rows} == {False}
        lines = screen.query_one(LogTail)
        assert "of the first" not in "".join(line.text for line in lines.lines)
        assert "later below" not in screen_text(app)
        assert screen.charts.window.cursor is None
        assert "second" in screen_text(app)
        two[0].answer()

        # A question about a run is answered for that run, though another one is seen behind it.
        for key in ("x", "e"):
            app.watch_run(first)
            await look(app, pilot)
            await pilot.press("1", key)
            await pilot.pause()
            app.watch_run(second)
            screen = await look(app, pilot)
            if key == "e":
                app.screen.query_one(Input).value = "1e-5"
            await pilot.press("enter" if key == "e" else "y")
            await look(app, pilot)
            assert screen.steering.pending.waiting == {}
        assert asked(first) == [("stop", None), ("set", "lr_g")]
        assert asked(second) == []

        # What was asked of one is not said to have missed the end of another.
        app.watch_run(first)
        await look(app, pilot)
        await pilot.press("k")
        await look(app, pilot)
        app.judge_run(ended)
        app.read_now()
        await pilot.pause()
        assert not any("ended before" in each.message for each in app._notifications)


@awaited
async def test_the_judges_screen_is_that_of_the_run_alone(tmp_path: Path) -> None:
    """No image is large that was large of the other, no judgement of it is looked at."""
    first, second = judged_run(tmp_path, "first"), judged_run(tmp_path, "second")
    app = make_app(tmp_path)
    async with app.run_test(size=(200, 50)) as pilot:
        app.read_now()
        app.judge_run(first)
        for _ in range(3):
            app.read_now()
            await pilot.pause()
        await pilot.press("f", "n", "left")
        await pilot.pause()
        assert "3 of 4" in screen_text(app)
        assert "image 2 of 16" in screen_text(app)
        app.judge_run(second)
        app.read_now()
        await pilot.pause()
        assert "second" in screen_text(app)
        assert "3 of 4" not in screen_text(app)
        assert "image 2 of 16" not in screen_text(app)


@awaited
async def test_tables_of_other_runs_begin_at_the_top(tmp_path: Path) -> None:
    """However far those before were scrolled."""
    runs = [write_run(tmp_path, f"run-{index}", note=str(index)) for index in range(4)]
    app = make_app(tmp_path)
    async with app.run_test(size=(60, 20)) as pilot:
        app.compare_runs(runs[:3])
        app.read_now()
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, CompareScreen)
        await pilot.press("a")
        table = screen.query_one(DiffTable)
        table.scroll_to(x=5, animate=False, force=True, immediate=True)
        app.show_runs()
        app.compare_runs(runs[1:])
        await pilot.pause()
        assert table.scroll_offset == (0, 0)
