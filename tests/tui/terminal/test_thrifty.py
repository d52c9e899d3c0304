"""The app sends what differs, paces itself by what it sent, and paints all anew when told to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.color import Color
from textual.css import stylesheet as textual_stylesheet

from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.base import AppOptions
from ganterm.tui.terminal.pace import LOW_BANDWIDTH
from ganterm.tui.terminal.thrifty import MOST_SECONDS, LazyStylesheet, Link
from tests.tui.driving import Clock, awaited, list_runs, overview_of, some_runs
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


def test_bytes_take_their_time() -> None:
    """One second for a thousand at a thousand a second; what follows waits for what came before."""
    clock = Clock()
    link = Link(1000.0, clock=clock)
    link.sent(1000)
    assert link.seconds_left == 1.0
    clock.now = 0.5
    link.sent(1500)
    assert link.seconds_left == 1.0
    clock.now = 2.0
    assert link.seconds_left == 0.0


def test_an_idle_link_saves_nothing_up() -> None:
    clock = Clock()
    link = Link(1000.0, clock=clock)
    clock.now = 100.0
    link.sent(500)
    assert link.seconds_left == 0.5
    link.sent(500)
    assert link.seconds_left == 0.5


def test_nobody_waits_for_ever() -> None:
    """A whole screen may be more than a slow link carries in a while, and the link quicker."""
    link = Link(1000.0, clock=Clock())
    link.sent(10**6)
    assert link.seconds_left == MOST_SECONDS


def test_other_links_are_always_free() -> None:
    link = Link(None, clock=Clock())
    link.sent(10**9)
    assert link.seconds_left == 0.0


SHEET = "Label { color: $ink; }"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is parsed from now on, source by source."""
    sources: list[str] = []
    original: Any = vars(textual_stylesheet)["parse"]

    def counting(scope: str, css: str, *arguments: Any, **options: Any) -> Any:
        sources.append(css)
        return original(scope, css, *arguments, **options)

    monkeypatch.setattr(textual_stylesheet, "parse", counting)
    return sources


def sheet_of(**variables: str) -> LazyStylesheet:
    sheet = LazyStylesheet(variables=variables)
    sheet.add_source(SHEET, read_from=("one", ""))
    sheet.reparse()
    return sheet


def ink(sheet: LazyStylesheet) -> Color:
    (rule,) = (rule for rule in sheet.rules if rule.selectors == "Label")
    return rule.styles.color


def test_a_source_is_parsed_once(parsed: list[str]) -> None:
    """Parsing again, and with the same variables again, takes what is there; the new is added."""
    sheet = sheet_of(ink="red")
    sheet.set_variables({"ink": "red"})
    sheet.reparse()
    sheet.add_source("Button { color: blue; }", read_from=("two", ""))
    sheet.reparse()
    assert parsed == [SHEET, "Button { color: blue; }"]
    assert [rule.selectors for rule in sheet.rules] == ["Label", "Button"]


def test_other_variables_give_other_styles() -> None:
    """A theme's colours reach what was parsed with another's, and the first's do so again."""
    sheet = sheet_of(ink="red")
    assert ink(sheet) == Color.parse("red")
    for colour in ("blue", "red"):
        sheet.set_variables({"ink": colour})
        sheet.reparse()
        assert ink(sheet) == Color.parse(colour)


def test_a_changed_source_is_parsed(parsed: list[str]) -> None:
    """What stands in place of a source counts."""
    sheet = sheet_of(ink="red")
    sheet.add_source("Label { color: green; }", read_from=("one", ""))
    sheet.reparse()
    assert parsed == [SHEET, "Label { color: green; }"]
    assert ink(sheet) == Color.parse("green")
