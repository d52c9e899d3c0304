"""What the screens of several panes share: the pane that has the focus is the active one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.tui.explore import process
from ganterm.tui.screens.panes import PanedScreen
from tests.tui.driving import awaited, make_app
from tests.tui.explored import PlayedServer, explored
from tests.tui.judged import judged_run


@awaited
async def test_the_focus_takes_the_pane_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pane clicked at has the keys: Tab goes on from it, not from the one gone to before."""
    monkeypatch.setattr(process, "Helper", PlayedServer)
    run = judged_run(tmp_path)
    app = make_app(tmp_path)
    async with app.run_test(size=(160, 44)) as pilot:
        for opened, pane, widget in (
            ("monitor", "log", "#log"),
            ("monitor", "steer", "#steer LiveValues"),
            ("judge", "others", "#others"),
            ("explorer", "places", "#places"),
        ):
            if opened == "explorer":
                await explored(app, pilot, run)
            else:
                (app.watch_run if opened == "monitor" else app.judge_run)(run)
            for _ in range(3):
                app.read_now()
                await app.workers.wait_for_complete()
                await pilot.pause()
            screen = app.screen
            assert isinstance(screen, PanedScreen)
            screen.go_to(screen.panes[0])
            screen.query_one(widget).focus()
            await pilot.pause()
            assert screen.active == pane
            after = (screen.panes.index(pane) + 1) % len(screen.panes)
            await pilot.press("tab")
            assert screen.active == screen.panes[after]
            assert screen.query_one(f"#{screen.active}").has_focus_within
