"""Every screen of lists, comparisons and questions at four sizes, as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.tui.screens.dialogs import ConfirmScreen, PromptScreen
from ganterm.tui.screens.runs import RunsScreen
from tests.tui.driving import (
    SIZES,
    awaited,
    list_runs,
    make_app,
    overview_of,
    screen_text,
    some_runs,
    write_run,
)
from tests.tui.golden import assert_golden, assert_goldens


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the paths on the screen the same everywhere."""
    monkeypatch.chdir(tmp_path)


@awaited
async def test_the_list_of_runs_its_help_and_what_is_asked_over_it() -> None:
    """An empty directory says how to begin; then runs in every state, two of them marked."""
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=SIZES[0]) as pilot:
        list_runs(app, [])
        await pilot.pause()
        await assert_goldens("no-runs", pilot)
        list_runs(app, some_runs())
        await pilot.press("question_mark")
        await pilot.pause()
        await assert_goldens("help", pilot)
        for what, asked in (
            ("confirm", ConfirmScreen("Delete dcgan-001?", "5.1M are gone then.", yes="Delete")),
            ("prompt", PromptScreen("Another name for dcgan-001", "dcgan-001")),
        ):
            await pilot.press("escape")
            app.push_screen(asked)
            await pilot.pause()
            await assert_goldens(what, pilot)
        await pilot.press("escape", "space", "space", "down", "down")
        await pilot.pause()
        await assert_goldens("runs", pilot)


@awaited
async def test_the_run_under_the_cursor() -> None:
    """A tall screen shows the losses of the run that the cursor rests on; no other reads them."""
    run = write_run(Path("checkpoints"), "dcgan-001")
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=SIZES[0]) as pilot:
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            list_runs(app, [overview_of(run.name, step=400, steps=400)])
            await pilot.pause()
            screen.show_card()
            app.poller.poll()
            assert bool(app.poller.take().changes) == (size == SIZES[2])
        list_runs(app, [overview_of(run.name, step=400, steps=400)])
        screen.show_card()
        await pilot.pause()
        await assert_goldens("closer", pilot)


@awaited
async def test_a_comparison() -> None:
    """Four runs over one another, and where their settings differ."""
    where = Path("checkpoints")
    runs = [
        write_run(where, "plain"),
        write_run(where, "fast", drift=0.3, lr_g=1e-3),
        write_run(where, "large", drift=0.1, batch_size=512),
        write_run(where, "long", drift=-0.2, steps=800),
    ]
    app = make_app(where)
    async with app.run_test(size=SIZES[0]) as pilot:
        app.compare_runs(runs)
        app.read_now()
        await pilot.pause()
        await assert_goldens("compare", pilot)


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
