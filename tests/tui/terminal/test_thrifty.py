"""The app sends what differs, paces itself by what it sent, and paints all anew when told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.base import AppOptions
from ganterm.tui.terminal.pace import LOW_BANDWIDTH
from ganterm.tui.terminal.thrifty import Link
from tests.tui.driving import awaited, list_runs, overview_of, some_runs
from tests.tui.recording import driver_of, recorded, taken
from tests.tui.sampled import add_samples, sampled_run

SIZE = (120, 40)


def app_on(runs_dir: Path, run: RunDir | None = None) -> GantermApp:
    return recorded(AppOptions(runs_dir, run=run, pace=LOW_BANDWIDTH, background=False))


@awaited
async def test_an_unchanged_screen_costs_nothing(tmp_path: Path) -> None:
    """A run that is read again and has nothing new, though every widget paints itself again."""
    run = sampled_run(tmp_path)
    app = app_on(tmp_path, run)
    async with app.run_test(headless=False, size=SIZE) as pilot:
        for _ in range(3):
            app.read_now()
            await pilot.pause()
        taken(app)
        app.read_now()
        app.refresh()
        for widget in app.screen.query("*"):
            widget.refresh()
        await pilot.pause()
        await pilot.pause()
        assert taken(app) == 0


@awaited
async def test_a_whole_screen_is_sent_when_it_is_asked_for(tmp_path: Path) -> None:
    """Something else wrote to the terminal: F5 sends everything, and the same screen is there."""
    app = app_on(tmp_path)
    async with app.run_test(headless=False, size=SIZE) as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        screen = driver_of(app).screen
        before = [list(row) for row in screen.looks]
        screen.feed("\x1b[5;1Ha message of the system\x1b[2J")
        taken(app)
        await pilot.press("f5")
        await pilot.pause()
        assert taken(app) >= SIZE[0] * SIZE[1]
        assert screen.looks == before


@awaited
async def test_news_wait_for_a_busy_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed meanwhile comes together when the connection is free; keys do not wait."""
    app = app_on(tmp_path)
    async with app.run_test(headless=False, size=SIZE) as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        now = 0.0
        app.link = Link(1000.0, clock=lambda: now)
        app.link.sent(driver_of(app).painter.sent)
        assert app.link_seconds > 0
        waiting: list[float] = []
        monkeypatch.setattr(app, "set_timer", lambda delay, *_: waiting.append(delay))
        app._publish_in_time()
        assert waiting == [app.link_seconds]
        taken(app)
        await pilot.press("down")
        await pilot.pause()
        assert taken(app) > 0
        assert app.link_seconds > 0
        now = 60.0
        assert app.link_seconds == 0
        app._publish_in_time()
        assert len(waiting) == 1


@awaited
async def test_new_samples_cost_what_differs(tmp_path: Path) -> None:
    """Other greys in the same places: far less than a screen, and nothing beside the samples."""
    run = sampled_run(tmp_path, [0])
    app = app_on(tmp_path, run)
    async with app.run_test(headless=False, size=SIZE) as pilot:
        for _ in range(2):
            app.read_now()
            await pilot.pause()
        taken(app)
        add_samples(run, [100])
        app.read_now()
        await pilot.pause()
        await pilot.pause()
        assert 0 < taken(app) < 6000
        assert "step 100" in driver_of(app).screen.text


@awaited
async def test_the_list_of_runs_costs_what_changed(tmp_path: Path) -> None:
    """A run that came some steps further: its step, not its line."""
    app = app_on(tmp_path)
    async with app.run_test(headless=False, size=SIZE) as pilot:
        list_runs(app, [overview_of("run-001", step=100), overview_of("run-002", step=200)])
        await pilot.pause()
        taken(app)
        list_runs(app, [overview_of("run-001", step=101), overview_of("run-002", step=200)])
        await pilot.pause()
        assert 0 < taken(app) < 80
