"""The app itself: what it shows, what it reads for that, and how it meets a slow terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.command import CommandPalette

from ganterm.runs.journal import JournalWriter
from ganterm.tui.app import GantermApp
from ganterm.tui.messages import FeedUpdated, RunsListed
from ganterm.tui.screens.monitor import MonitorScreen
from ganterm.tui.screens.runs import RunsScreen
from ganterm.tui.terminal.thrifty import BACKLOG
from tests.records import record as record_of
from tests.tui.driving import awaited, list_runs, make_app, screen_text, some_runs, write_run


@awaited
async def test_a_run_that_is_asked_for_is_watched_at_once(tmp_path: Path) -> None:
    """The monitor is the first screen, and Escape leads to the list."""
    run = write_run(tmp_path, "one")
    app = make_app(tmp_path, run=run)
    async with app.run_test() as pilot:
        assert isinstance(app.screen, MonitorScreen)
        app.read_now()
        assert app.feed(run) is not None
        await pilot.press("escape")
        await pilot.pause()
        assert app.current_mode == "runs"


@awaited
async def test_only_what_is_on_the_screen_is_read(tmp_path: Path) -> None:
    """The monitor reads its run, comparing its runs, the list none in full."""
    one, two = write_run(tmp_path, "one"), write_run(tmp_path, "two")
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        app.read_now()
        await pilot.pause()
        assert app.poller.feeds == {}
        app.watch_run(one)
        app.read_now()
        await pilot.pause()
        assert set(app.poller.feeds) == {"one"}
        app.compare_runs([one, two])
        app.read_now()
        await pilot.pause()
        assert set(app.poller.feeds) == {"one", "two"}
        app.show_runs()
        assert app.poller.feeds == {}


@awaited
async def test_news_reach_whoever_subscribed(tmp_path: Path) -> None:
    """A signal for the list, one for a watched run, with what is new in it."""
    run = write_run(tmp_path, "one")
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        listed: list[RunsListed] = []
        fed: list[FeedUpdated] = []
        app.runs_signal.subscribe(app.screen, listed.append)
        app.feed_signal.subscribe(app.screen, fed.append)
        app.watch_run(run)
        app.read_now()
        await pilot.pause()
        with JournalWriter(run.journal) as journal:
            journal.write(record_of("metrics", 500, g_loss=1.0))
        app.read_now()
        await pilot.pause()
        assert [each.name for each in listed[0].runs] == ["one"]
        assert [news.feed.run for news in fed] == [run, run]
        assert fed[1].change.metrics
        assert not fed[1].change.settings


@awaited
async def test_a_slow_terminal_is_not_painted_and_then_gets_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While paintings wait no more are made; once none waits, one brings everything."""
    painted: list[object] = []
    waiting = 0
    original = App._display

    def spy(app: App[Any], screen: Any, renderable: Any) -> None:
        painted.append(renderable)
        original(app, screen, renderable)

    monkeypatch.setattr(App, "_display", spy)
    monkeypatch.setattr(GantermApp, "_backlog", property(lambda _app: waiting))
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        waiting = BACKLOG + 1
        painted.clear()
        for _ in range(5):
            await pilot.press("down")
        list_runs(app, some_runs()[:3])
        await pilot.pause()
        assert painted == []
        with monkeypatch.context() as patch:
            patch.setattr(app, "refresh", lambda: pytest.fail("drawn for nobody"))
            app.repaint_if_behind()
        waiting = 0
        app.repaint_if_behind()
        await pilot.pause()
        assert len(painted) == 1
        painted.clear()
        app.repaint_if_behind()
        await pilot.pause()
        assert painted == []
        assert "3 runs" in screen_text(app)


@awaited
async def test_the_palette_opens_finds_and_does(tmp_path: Path) -> None:
    """Typing a part of an action's name and Enter does it."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        await pilot.press("colon")
        await pilot.pause()
        assert isinstance(app.screen, CommandPalette)
        await pilot.press(*"mark all")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen)
        assert app.screen.table.marked == {run.name for run in some_runs()}


@awaited
async def test_a_picture_of_the_screen_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F12 writes an SVG where the app was started; a place that takes none is told."""
    monkeypatch.chdir(tmp_path)
    app = make_app(tmp_path / "runs")
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        await pilot.press("f12")
        await pilot.pause()
        (picture,) = tmp_path.glob("ganterm-*.svg")
        assert "dcgan-003" in picture.read_text().replace("&#160;", " ")

        def refuse(*_: object, **__: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "write_text", refuse)
        await pilot.press("f12")
        await pilot.pause()
        assert any("Permission denied" in each.message for each in app._notifications)


@awaited
async def test_over_a_dialog_the_apps_own_keys_wait(tmp_path: Path) -> None:
    """Key q answers no question and ? does not stack help upon help."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        await pilot.press("end", "d")
        await pilot.pause()
        depth = len(app.screen_stack)
        await pilot.press("question_mark", "q", "colon")
        await pilot.pause()
        assert len(app.screen_stack) == depth
        assert app.is_running
        await pilot.press("escape", "question_mark", "question_mark")
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen)
