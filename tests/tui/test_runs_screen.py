"""The list of runs under the fingers: cursor, filter, order, marks, and what is done to a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Button, Input, Static

from ganterm.client import poller, queueing
from ganterm.client.overview import Overview
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.manage import read_note
from ganterm.runs.queue import read_ticket
from ganterm.tui.app import GantermApp
from ganterm.tui.screens import run_actions
from ganterm.tui.screens.dialogs import ConfirmScreen, PromptScreen
from ganterm.tui.screens.monitor import MonitorScreen
from ganterm.tui.screens.runs import RunsScreen
from ganterm.tui.widgets.run_table import BY_AGE, RunTable
from ganterm.tui.widgets.toned import Header
from tests.runs.helpers import LockHolder
from tests.tui.driving import (
    awaited,
    list_runs,
    make_app,
    overview_of,
    screen_text,
    some_runs,
    write_run,
)
from tests.tui.forms import on_top


def table_of(app: GantermApp) -> RunTable:
    assert isinstance(app.screen, RunsScreen)
    return app.screen.table


def under_cursor(app: GantermApp) -> str:
    run = table_of(app).current
    return run.name if run else ""


def names(app: GantermApp) -> list[str]:
    return [run.name for run in table_of(app).shown]


async def listed(
    app: GantermApp, pilot: Pilot[None], size: tuple[int, int], runs: Sequence[Overview]
) -> RunTable:
    """Give a list of runs a terminal of a size, the cursor on the first, no filter, no marks."""
    await pilot.resize_terminal(*size)
    list_runs(app, [])
    table = table_of(app)
    table.filter("")
    table.sort(BY_AGE)
    list_runs(app, runs)
    await pilot.pause()
    return table


async def settled(pilot: Pilot[None], app: GantermApp) -> None:
    """Wait for what was begun off the screen's thread, and look at the runs again."""
    await app.workers.wait_for_complete()
    await pilot.pause()
    app.read_now()
    await pilot.pause()


async def go_to(pilot: Pilot[None], app: GantermApp, name: str) -> None:
    await pilot.press("home")
    while under_cursor(app) != name:
        await pilot.press("down")


@awaited
async def test_the_list_is_gone_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By cursor, filter, headings, marks and mouse, at several sizes of one app."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        # However the list is sorted, filtered or changed, the cursor is where the user put it.
        await listed(app, pilot, (80, 24), some_runs())
        await go_to(pilot, app, "mlp-001")
        await pilot.press("s", "S")
        assert under_cursor(app) == "mlp-001"
        list_runs(app, [overview_of("aaa", state="running", alive=True), *some_runs()])
        await pilot.pause()
        assert under_cursor(app) == "mlp-001"
        list_runs(app, [run for run in some_runs() if run.name != "mlp-001"])
        await pilot.pause()
        assert under_cursor(app) != ""

        # Each letter narrows the list; Enter keeps the filter, Escape drops it, then the marks.
        table = await listed(app, pilot, (80, 24), some_runs())
        await pilot.press("space", "slash", *"wg")
        await pilot.pause()
        assert names(app) == ["wgan-gp-001"]
        await pilot.press(*"zz")
        await pilot.pause()
        assert "No run holds “wgzz”" in screen_text(app)
        await pilot.press("backspace", "backspace", "enter", "enter")
        await pilot.pause()
        on_top(app, MonitorScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert len(table.shown) == 1
        await pilot.press("escape")
        assert len(table.shown) == len(some_runs())
        assert table.marked
        await pilot.press("escape")
        assert not table.marked

        # Typing q does not quit, and d does not delete.
        await pilot.press("slash", *"qdrnc?:")
        await pilot.pause()
        assert app.is_running
        assert app.screen.query_one(Input).value == "qdrnc?:"
        await pilot.press("escape")

        # A click on a heading sorts by it, another turns the order; the heading says so.
        table = await listed(app, pilot, (120, 24), some_runs())
        heading = table.render_line(0).text
        assert "AGE▴" in heading
        at = heading.index("STEP")
        for sign, place in (("▾", 0), ("▴", -1)):
            await pilot.click(RunTable, offset=(at, 0))
            await pilot.pause()
            assert f"STEP{sign}" in table.render_line(0).text
            assert names(app)[place] == "wgan-gp-001"

        # Every column that is shown can be sorted by with the keys alone.
        seen = set()
        for _ in range(12):
            await pilot.press("s")
            seen.add(table.column)
        assert len(seen) >= 9
        assert BY_AGE in seen

        # The same list again paints nothing; a new loss paints the line of its run.
        runs = some_runs()
        await listed(app, pilot, (100, 24), runs)
        painted: list[int] = []
        original = RunTable.render_line

        def spy(table: RunTable, y: int) -> Strip:
            painted.append(y)
            return original(table, y)

        with monkeypatch.context() as patch:
            patch.setattr(RunTable, "render_line", spy)
            list_runs(app, list(runs))
            await pilot.pause()
            assert painted == []
            further = overview_of("dcgan-003", state="running", alive=True, step=4_201, age_s=0.2)
            list_runs(app, [further, *runs[1:]])
            await pilot.pause()
            assert painted == [2]

        # The run under the cursor can always be seen, and the heading stays.
        many = [overview_of(f"run-{i:03d}", age_s=float(i)) for i in range(300)]
        await listed(app, pilot, (80, 12), many)
        for keys in ("end", "pageup pageup", "home", "pagedown down"):
            await pilot.press(*keys.split())
            await pilot.pause()
            text = screen_text(app)
            assert "RUN " in text.splitlines()[1]
            assert f"▸  {under_cursor(app)}" in text

        # Escape sequences and markup in names, notes and messages are shown, not obeyed.
        evil = "\x1b[2J\x9b31m[bold]x[/]\u202e"
        run = overview_of("one", state="crashed", message=evil, note=evil, recipe=evil)
        await listed(app, pilot, (160, 24), [run])
        text = screen_text(app)
        assert "\\x1b[2J" in text
        assert "[bold]x[/]" in text
        assert not any(
            ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c == "\u202e" for c in text if c != "\n"
        )

        # What keeps the runs from being listed stands where they would.
        list_runs(app, [], "cannot list /x: Permission denied")
        await pilot.pause()
        assert "Permission denied" in screen_text(app)

        # Key c does nothing with one mark; with two it compares both, though one is hidden.
        await listed(app, pilot, (80, 24), some_runs())
        await pilot.press("space", "c")
        await pilot.pause()
        on_top(app, RunsScreen)
        await pilot.press("end", "space", "slash", *"mlp", "enter", "c")
        await pilot.pause()
        assert app.current_mode == "compare"
        assert {run.name for run in app.compared} == {"dcgan-002", "mlp-001"}
        await pilot.press("escape")

        # A click moves the cursor, one at the left edge marks, two open the run.
        table = await listed(app, pilot, (80, 24), some_runs())
        await pilot.click(RunTable, offset=(10, 3))
        assert under_cursor(app) == names(app)[2]
        await pilot.click(RunTable, offset=(1, 5))
        await pilot.pause()
        assert table.marked == {names(app)[4]}
        assert "◆ 1 marked" in app.screen.query_one(Header).text
        await pilot.click(RunTable, offset=(10, 2), times=2)
        await pilot.pause()
        on_top(app, MonitorScreen)
        assert app.watched is not None
        assert app.watched.name == "dcgan-003"


@awaited
async def test_runs_are_trained_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key r starts a worker for one that stopped; one that finished is asked for a new length."""
    made: list[tuple[str, Sequence[str]]] = []

    def start(run: RunDir, arguments: Sequence[str] = ()) -> None:
        made.append((run.name, tuple(arguments)))

    monkeypatch.setattr(run_actions, "start_worker", start)
    small: dict[str, Any] = {"recipe": "mlp-small", "dataset": "digits", "image_size": 8}
    off, done = (write_run(tmp_path, name, **small).path for name in ("off", "done"))
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(
            app,
            [
                overview_of("off", state="stopped", path=off),
                overview_of("on", state="running", alive=True),
            ],
        )
        await pilot.pause()
        assert under_cursor(app) == "on"
        await pilot.press("r", "down", "r")
        await app.workers.wait_for_complete()
        assert made == [("off", ())]
        list_runs(app, [overview_of("done", path=done)])
        await pilot.press("r", *"10000", "enter")
        await pilot.pause()
        assert "greater than 10,000" in on_top(app, PromptScreen).trouble
        await pilot.press("home", "ctrl+k", *"12,000", "enter")
        await app.workers.wait_for_complete()
        assert made[1:] == [("done", ("--steps=12000",))]
        # What a run takes is looked at first: here its images are not.
        lost = write_run(tmp_path, "lost", dataset=str(tmp_path / "gone")).path
        list_runs(app, [overview_of("lost", state="stopped", path=lost)])
        await pilot.press("r")
        await app.workers.wait_for_complete()
        assert any("where the images of lost were" in each.message for each in app._notifications)
        assert len(made) == 2


@awaited
async def test_runs_are_queued_moved_and_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Key Q queues a run that could train and takes one out; others move it by a place."""
    for module in (queueing, poller):
        monkeypatch.setattr(module, "wake", lambda _: None)
    small: dict[str, Any] = {"recipe": "mlp-small", "dataset": "digits", "image_size": 8}
    for name in ("a", "b"):
        write_run(tmp_path, name, **small)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 24)) as pilot:

        async def press(*keys: str) -> str:
            await pilot.press(*keys)
            await app.workers.wait_for_complete()
            app.read_now()
            await pilot.pause()
            return " ".join(f"{run.name}{run.place or ''}" for run in table_of(app).shown)

        assert await press("home") in {"a b", "b a"}
        table_of(app).sort(0)
        assert await press("home", "Q", *"900", "enter") == "a1 b"
        table_of(app).sort(BY_AGE)
        assert await press("end", "Q", *"900", "enter") == "a1 b2"
        assert await press("end", "shift+up") == "b1 a2"
        assert await press("shift+up") == "b1 a2"
        assert await press("right_parenthesis") == "a1 b2"
        assert "≡ queued 2" in screen_text(app)
        assert "≡ 2 queued" in screen_text(app)
        assert await press("Q") == "a1 b"
        assert read_ticket(RunDir(tmp_path / "b")) is None
        ticket = read_ticket(RunDir(tmp_path / "a"))
        assert ticket is not None
        assert ticket.arguments[0] == "--steps=900"


@awaited
async def test_runs_are_renamed_noted_and_deleted(tmp_path: Path) -> None:
    """After a question where something would be lost; never one whose worker holds its lock."""
    runs = {name: write_run(tmp_path, name) for name in ("old", "one", "two", "three", "four")}
    app = make_app(tmp_path)
    async with app.run_test(size=(160, 24)) as pilot:
        # Key e asks for a name, refuses what is none, and the run has it.
        await settled(pilot, app)
        await go_to(pilot, app, "old")
        await pilot.press("e", "home", "slash")
        await pilot.pause()
        prompt = on_top(app, PromptScreen)
        assert "cannot name a run" in str(prompt.query_one(".trouble", Static).content)
        assert prompt.query_one("#ok", Button).disabled
        await pilot.press("home", "ctrl+k", *"new-one", "enter")
        await settled(pilot, app)
        assert not runs["old"].path.exists()
        assert "new-one" in names(app)

        # Key o writes a line that the table and the line below it show; an empty one is gone.
        await go_to(pilot, app, "one")
        await pilot.press("o", *"keep this", "enter")
        await settled(pilot, app)
        assert read_note(runs["one"]) == "keep this"
        assert screen_text(app).count("keep this") == 2
        await pilot.press("o", "home", "ctrl+k", "enter")
        await settled(pilot, app)
        assert read_note(runs["one"]) == ""

        # Key d asks; Enter and Escape keep the run, y deletes it.
        for key in ("enter", "escape", "n", "y"):
            await pilot.press("d")
            await pilot.pause()
            on_top(app, ConfirmScreen)
            await pilot.press(key)
            await settled(pilot, app)
            assert runs["one"].path.is_dir() == (key != "y")

        # The question about several counts and names them; what is not marked stays.
        table_of(app).mark(["two", "four"])
        await pilot.press("d")
        await pilot.pause()
        assert "Delete 2 runs: " in screen_text(app)
        await pilot.press("y")
        await settled(pilot, app)
        assert {*names(app)} == {"new-one", "three"}

        # A worker's lock protects its run, even where the app does not know yet that it trains.
        run = create_run(tmp_path, "busy", "dcgan")
        run.journal.touch()
        await settled(pilot, app)
        await go_to(pilot, app, "busy")
        await pilot.press("d")
        await pilot.pause()
        with LockHolder(run.lock):
            await pilot.press("y")
            await settled(pilot, app)
            assert run.path.is_dir()
            assert any("busy is training" in each.message for each in app._notifications)
            for key in ("d", "e"):
                await pilot.press(key)
                await pilot.pause()
                on_top(app, RunsScreen)
        await settled(pilot, app)
        table_of(app).mark(names(app))
        await pilot.press("d", "y")
        await settled(pilot, app)
        assert "There are no runs" in screen_text(app)
