"""The list of runs under the fingers: cursor, filter, order, marks, and what is done to a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Button, Input, Static

from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.manage import read_note
from ganterm.tui.app import GantermApp
from ganterm.tui.screens import run_actions
from ganterm.tui.screens.dialogs import ConfirmScreen, PromptScreen
from ganterm.tui.screens.monitor import MonitorScreen
from ganterm.tui.screens.runs import RunsScreen
from ganterm.tui.widgets.part_line import Header
from ganterm.tui.widgets.run_columns import BY_AGE
from ganterm.tui.widgets.run_table import RunTable
from tests.runs.helpers import Child
from tests.runs.test_lock import HOLDER
from tests.tui.driving import (
    awaited,
    list_runs,
    make_app,
    overview_of,
    screen_text,
    some_runs,
    write_run,
)


def table_of(app: GantermApp) -> RunTable:
    return app.screen.query_one(RunTable)


def under_cursor(app: GantermApp) -> str:
    run = table_of(app).current
    return run.name if run else ""


async def settled(pilot: Pilot[None], app: GantermApp) -> None:
    """Wait for what was begun off the screen's thread, and look at the runs again."""
    await app.workers.wait_for_complete()
    await pilot.pause()
    app.read_now()
    await pilot.pause()


@awaited
async def test_the_cursor_stays_on_its_run(tmp_path: Path) -> None:
    """However the list is sorted, filtered or changed, the cursor is where the user put it."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        while under_cursor(app) != "mlp-001":
            await pilot.press("down")
        await pilot.press("s", "S")
        assert under_cursor(app) == "mlp-001"
        list_runs(app, [overview_of("aaa", state="running", alive=True), *some_runs()])
        await pilot.pause()
        assert under_cursor(app) == "mlp-001"
        list_runs(app, [run for run in some_runs() if run.name != "mlp-001"])
        await pilot.pause()
        assert under_cursor(app) != ""


@awaited
async def test_a_filter_works_as_it_is_typed(tmp_path: Path) -> None:
    """Each letter narrows the list; Enter keeps the filter, Escape drops it, then the marks."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        await pilot.press("space", "slash", *"wg")
        await pilot.pause()
        assert [run.name for run in table_of(app).shown] == ["wgan-gp-001"]
        await pilot.press(*"zz")
        await pilot.pause()
        assert "No run holds “wgzz”" in screen_text(app)
        await pilot.press("backspace", "backspace", "enter", "enter")
        await pilot.pause()
        assert isinstance(app.screen, MonitorScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert len(table_of(app).shown) == 1
        await pilot.press("escape")
        assert len(table_of(app).shown) == len(some_runs())
        assert table_of(app).marked
        await pilot.press("escape")
        assert not table_of(app).marked


@awaited
async def test_letters_typed_into_the_filter_do_nothing_else(tmp_path: Path) -> None:
    """Typing q does not quit, and d does not delete."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        await pilot.press("slash", *"qdrnc?:")
        await pilot.pause()
        assert app.is_running
        assert isinstance(app.screen, RunsScreen)
        assert app.screen.query_one(Input).value == "qdrnc?:"


@awaited
async def test_a_heading_sorts_and_turns_around(tmp_path: Path) -> None:
    """A click on a heading sorts by it, another turns the order; the heading says so."""
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 24)) as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        heading = table_of(app).render_line(0).text
        assert "AGE▴" in heading
        at = heading.index("STEP")
        await pilot.click(RunTable, offset=(at, 0))
        await pilot.pause()
        assert "STEP▾" in table_of(app).render_line(0).text
        assert table_of(app).shown[0].name == "wgan-gp-001"
        await pilot.click(RunTable, offset=(at, 0))
        await pilot.pause()
        assert "STEP▴" in table_of(app).render_line(0).text
        assert table_of(app).shown[-1].name == "wgan-gp-001"


@awaited
async def test_s_goes_through_the_columns(tmp_path: Path) -> None:
    """Every column that is shown can be sorted by with the keys alone."""
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 24)) as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        seen = set()
        for _ in range(12):
            await pilot.press("s")
            seen.add(table_of(app).column)
        assert len(seen) >= 9
        assert BY_AGE in seen


@awaited
async def test_the_mouse_moves_marks_and_opens(tmp_path: Path) -> None:
    """A click moves the cursor, one at the left edge marks, two open the run."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        await pilot.click(RunTable, offset=(10, 3))
        assert under_cursor(app) == table_of(app).shown[2].name
        await pilot.click(RunTable, offset=(1, 5))
        await pilot.pause()
        assert table_of(app).marked == {table_of(app).shown[4].name}
        assert "◆ 1 marked" in app.screen.query_one(Header).text
        await pilot.click(RunTable, offset=(10, 2), times=2)
        await pilot.pause()
        assert isinstance(app.screen, MonitorScreen)
        assert app.watched is not None
        assert app.watched.name == "dcgan-003"


@awaited
async def test_only_changed_lines_are_painted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same list again paints nothing; a new loss paints the line of its run."""
    app = make_app(tmp_path)
    async with app.run_test(size=(100, 24)) as pilot:
        runs = some_runs()
        list_runs(app, runs)
        await pilot.pause()
        painted: list[int] = []
        original = RunTable.render_line

        def spy(table: RunTable, y: int) -> Strip:
            painted.append(y)
            return original(table, y)

        monkeypatch.setattr(RunTable, "render_line", spy)
        list_runs(app, list(runs))
        await pilot.pause()
        assert painted == []
        list_runs(
            app,
            [
                overview_of("dcgan-003", state="running", alive=True, step=4_201, age_s=0.2),
                *runs[1:],
            ],
        )
        await pilot.pause()
        assert painted == [2]


@awaited
async def test_a_long_list_scrolls_with_the_cursor(tmp_path: Path) -> None:
    """The run under the cursor can always be seen, and the heading stays."""
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 12)) as pilot:
        list_runs(app, [overview_of(f"run-{i:03d}", age_s=float(i)) for i in range(300)])
        await pilot.pause()
        for keys in (["end"], ["pageup", "pageup"], ["home"], ["pagedown", "down"]):
            await pilot.press(*keys)
            await pilot.pause()
            text = screen_text(app)
            assert "RUN " in text.splitlines()[1]
            assert f"▸  {under_cursor(app)}" in text


@awaited
async def test_foreign_text_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """Escape sequences and markup in names, notes and messages are shown, not obeyed."""
    evil = "\x1b[2J\x9b31m[bold]x[/]\u202e"
    app = make_app(tmp_path)
    async with app.run_test(size=(160, 24)) as pilot:
        list_runs(app, [overview_of("one", state="crashed", message=evil, note=evil, recipe=evil)])
        await pilot.press("slash", "enter")
        await pilot.pause()
        text = screen_text(app)
        assert "\\x1b[2J" in text
        assert "[bold]x[/]" in text
        assert not any(
            ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c == "\u202e" for c in text if c != "\n"
        )


@awaited
async def test_trouble_with_the_directory_is_told(tmp_path: Path) -> None:
    """What keeps the runs from being listed stands where they would."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, [], "cannot list /x: Permission denied")
        await pilot.pause()
        assert "Permission denied" in screen_text(app)


@awaited
async def test_marked_runs_are_compared_hidden_ones_too(tmp_path: Path) -> None:
    """Key c does nothing with one mark; with two it compares both, though one is filtered away."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        await pilot.press("space", "c")
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen)
        await pilot.press("end", "space", "slash", *"mlp", "enter", "c")
        await pilot.pause()
        assert app.current_mode == "compare"
        assert {run.name for run in app.compared} == {"dcgan-002", "mlp-001"}


class Launches:
    """Takes the place of `start_worker`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[tuple[str, Sequence[str]]] = []
        monkeypatch.setattr(run_actions, "start_worker", self)

    def __call__(self, run: RunDir, arguments: Sequence[str] = ()) -> None:
        self.made.append((run.name, tuple(arguments)))


@awaited
async def test_a_stopped_run_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key r starts a worker for it; one that trains already is left alone."""
    launches = Launches(monkeypatch)
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(
            app,
            [overview_of("off", state="stopped"), overview_of("on", state="running", alive=True)],
        )
        await pilot.pause()
        assert under_cursor(app) == "on"
        await pilot.press("r", "down", "r")
        await app.workers.wait_for_complete()
        assert launches.made == [("off", ())]


@awaited
async def test_a_finished_run_gets_a_new_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Key r asks how many steps it is to make, and takes only more than it has made."""
    launches = Launches(monkeypatch)
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, [overview_of("done")])
        await pilot.press("r", *"10000", "enter")
        await pilot.pause()
        assert isinstance(app.screen, PromptScreen)
        assert "greater than 10,000" in app.screen.trouble
        await pilot.press("home", "ctrl+k", *"12,000", "enter")
        await app.workers.wait_for_complete()
        assert launches.made == [("done", ("--steps=12000",))]


@awaited
async def test_a_run_is_renamed(tmp_path: Path) -> None:
    """Key e asks for a name, refuses what is none, and the run has it."""
    run = write_run(tmp_path, "old")
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        await settled(pilot, app)
        await pilot.press("e", "home", "slash")
        await pilot.pause()
        assert isinstance(app.screen, PromptScreen)
        assert "cannot name a run" in str(app.screen.query_one(".trouble", Static).content)
        assert app.screen.query_one("#ok", Button).disabled
        await pilot.press("home", "ctrl+k", *"new-one", "enter")
        await settled(pilot, app)
        assert not run.path.exists()
        assert [each.name for each in table_of(app).shown] == ["new-one"]


@awaited
async def test_a_note_is_written_and_removed(tmp_path: Path) -> None:
    """Key o writes a line that the table and the line below it show; an empty one is gone again."""
    run = write_run(tmp_path, "one")
    app = make_app(tmp_path)
    async with app.run_test(size=(160, 24)) as pilot:
        await settled(pilot, app)
        await pilot.press("o", *"keep this", "enter")
        await settled(pilot, app)
        assert read_note(run) == "keep this"
        assert screen_text(app).count("keep this") == 2
        await pilot.press("o", "home", "ctrl+k", "enter")
        await settled(pilot, app)
        assert read_note(run) == ""


@awaited
async def test_a_run_is_deleted_only_after_a_yes(tmp_path: Path) -> None:
    """Key d asks; Enter and Escape keep the run, y deletes it."""
    run = write_run(tmp_path, "one")
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        await settled(pilot, app)
        for keys in (["d", "enter"], ["d", "escape"], ["d", "n"]):
            await pilot.press(keys[0])
            await pilot.pause()
            assert isinstance(app.screen, ConfirmScreen)
            await pilot.press(keys[1])
            await settled(pilot, app)
            assert run.path.is_dir()
        await pilot.press("d", "y")
        await settled(pilot, app)
        assert not run.path.exists()
        assert "There are no runs" in screen_text(app)


@awaited
async def test_marked_runs_are_deleted_together_after_one_yes(tmp_path: Path) -> None:
    """The question counts and names them; what is not marked stays."""
    runs = [write_run(tmp_path, name) for name in ("one", "two", "three")]
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        await settled(pilot, app)
        app.screen.query_one(RunTable).mark(["one", "three"])
        await pilot.press("d")
        await pilot.pause()
        assert "Delete 2 runs: " in screen_text(app)
        await pilot.press("y")
        await settled(pilot, app)
        assert [run.path.exists() for run in runs] == [False, True, False]


@awaited
async def test_a_run_that_trains_is_neither_deleted_nor_renamed(tmp_path: Path) -> None:
    """Its worker's lock protects it, even where the app does not know yet that it trains."""
    run = create_run(tmp_path, "one", "dcgan")
    run.journal.touch()
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        await settled(pilot, app)
        await pilot.press("d")
        await pilot.pause()
        with Child(HOLDER, run.lock) as worker:
            assert worker.hear() == "held"
            await pilot.press("y")
            await settled(pilot, app)
            assert run.path.is_dir()
            assert any("one is training" in each.message for each in app._notifications)
            await pilot.press("d")
            await pilot.pause()
            assert isinstance(app.screen, RunsScreen)
            await pilot.press("e")
            await pilot.pause()
            assert isinstance(app.screen, RunsScreen)
