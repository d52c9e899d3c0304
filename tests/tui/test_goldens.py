"""Every screen of lists, comparisons and questions at four sizes, as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.tui.screens.confirm import ConfirmScreen
from ganterm.tui.screens.prompt import PromptScreen
from ganterm.tui.screens.runs import RunsScreen
from tests.tui.driving import (
    awaited,
    list_runs,
    make_app,
    overview_of,
    screen_text,
    some_runs,
    write_run,
)
from tests.tui.golden import assert_golden, at_every_size


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the paths on the screen the same everywhere."""
    monkeypatch.chdir(tmp_path)


@at_every_size
@awaited
async def test_the_list_of_runs(size: tuple[int, int]) -> None:
    """Runs in every state, two of them marked, the cursor on one that crashed."""
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=size) as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        await pilot.press("space", "space", "down", "down")
        await pilot.pause()
        assert_golden("runs", screen_text(app), size)


@at_every_size
@awaited
async def test_the_run_under_the_cursor(size: tuple[int, int]) -> None:
    """A tall screen shows the losses of the run that the cursor rests on."""
    run = write_run(Path("checkpoints"), "dcgan-001")
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=size) as pilot:
        list_runs(app, [overview_of(run.name, step=400, steps=400)])
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen)
        app.screen.look_closer()
        app.poller.poll()
        news = app.poller.take()
        assert bool(news.changes) == (size[1] >= 32)
        list_runs(app, [overview_of(run.name, step=400, steps=400)])
        app.screen.look_closer()
        await pilot.pause()
        assert_golden("closer", screen_text(app), size)


@at_every_size
@awaited
async def test_no_runs_yet(size: tuple[int, int]) -> None:
    """An empty directory says how to begin."""
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=size) as pilot:
        list_runs(app, [])
        await pilot.pause()
        assert_golden("no-runs", screen_text(app), size)


@at_every_size
@awaited
async def test_the_help(size: tuple[int, int]) -> None:
    """Every action of the list of runs with its keys."""
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=size) as pilot:
        list_runs(app, some_runs())
        await pilot.press("question_mark")
        await pilot.pause()
        assert_golden("help", screen_text(app), size)


@at_every_size
@awaited
async def test_a_question(size: tuple[int, int]) -> None:
    """A question in a few words over the screen it is about."""
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=size) as pilot:
        list_runs(app, some_runs())
        app.push_screen(ConfirmScreen("Delete dcgan-001?", "5.1M are gone then.", yes="Delete"))
        await pilot.pause()
        assert_golden("confirm", screen_text(app), size)


@at_every_size
@awaited
async def test_an_entry(size: tuple[int, int]) -> None:
    """A line to type with its title."""
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=size) as pilot:
        list_runs(app, some_runs())
        app.push_screen(PromptScreen("Another name for dcgan-001", "dcgan-001"))
        await pilot.pause()
        assert_golden("prompt", screen_text(app), size)


@at_every_size
@awaited
async def test_a_comparison(size: tuple[int, int]) -> None:
    """Four runs over one another, and where their settings differ."""
    where = Path("checkpoints")
    runs = [
        write_run(where, "plain"),
        write_run(where, "fast", drift=0.3, lr_g=1e-3),
        write_run(where, "large", drift=0.1, batch_size=512),
        write_run(where, "long", drift=-0.2, steps=800),
    ]
    app = make_app(where)
    async with app.run_test(size=size) as pilot:
        app.compare_runs(runs)
        app.read_now()
        await pilot.pause()
        assert_golden("compare", screen_text(app), size)


@awaited
async def test_the_list_of_runs_in_ascii() -> None:
    """A terminal without Unicode gets the same in ASCII alone."""
    app = make_app(Path("checkpoints"), canvas=Canvas(ColourMode.NONE, Charset.ASCII, 80, 24))
    async with app.run_test(size=(80, 24)) as pilot:
        list_runs(app, some_runs())
        await pilot.press("space", "question_mark")
        await pilot.pause()
        text = screen_text(app)
        assert text.isascii()
        assert_golden("help-ascii", text, (80, 24))
