"""What the screens of several panes share: the pane that has the focus is the active one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from ganterm.tui.app import GantermApp
from ganterm.tui.screens import serving
from ganterm.tui.screens.panes import PanedScreen
from tests.tui.driving import awaited, make_app
from tests.tui.explored import PlayedServer, explored
from tests.tui.judged import judged_run

Opener = Callable[[GantermApp, Pilot[None], Path], Awaitable[None]]


async def monitored(app: GantermApp, pilot: Pilot[None], runs_dir: Path) -> None:
    app.watch_run(judged_run(runs_dir))
    await pilot.pause()


async def judged(app: GantermApp, pilot: Pilot[None], runs_dir: Path) -> None:
    run = judged_run(runs_dir)
    app.judge_run(run)
    for _ in range(3):
        app.read_now()
        await app.workers.wait_for_complete()
        await pilot.pause()


async def opened_in_explorer(app: GantermApp, pilot: Pilot[None], runs_dir: Path) -> None:
    await explored(app, pilot, judged_run(runs_dir))


@pytest.fixture(autouse=True)
def _play(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "Helper", PlayedServer)


@pytest.mark.parametrize(
    ("opener", "pane", "widget"),
    [
        (monitored, "log", "#log"),
        (monitored, "steer", "#steer LiveValues"),
        (judged, "others", "#others"),
        (opened_in_explorer, "places", "#places"),
    ],
    ids=["monitor", "inside a pane of the monitor", "judge", "explorer"],
)
@awaited
async def test_the_focus_takes_the_pane_along(
    tmp_path: Path, opener: Opener, pane: str, widget: str
) -> None:
    """A pane clicked at has the keys: Tab goes on from it, not from the one gone to before."""
    app = make_app(tmp_path)
    async with app.run_test(size=(160, 44)) as pilot:
        await opener(app, pilot, tmp_path)
        screen = app.screen
        assert isinstance(screen, PanedScreen)
        assert screen.active == screen.panes[0]
        screen.query_one(widget).focus()
        await pilot.pause()
        assert screen.active == pane
        after = (screen.panes.index(pane) + 1) % len(screen.panes)
        await pilot.press("tab")
        assert screen.active == screen.panes[after]
        assert screen.query_one(f"#{screen.active}").has_focus_within
