"""The form of a new run and its dialogs at four sizes, as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm import recipes
from ganterm.client.tasks import TaskProgress
from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.tui.widgets import launcher
from tests.tui.driving import SIZES, awaited, make_app, painted, screen_text
from tests.tui.forms import COUNTED, TIMED, describe, open_form
from tests.tui.golden import assert_golden, assert_goldens


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep paths, recipes and data on the screen the same everywhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", "data")
    monkeypatch.setenv(recipes.RECIPES_DIR_VARIABLE, "recipes")


@awaited
async def test_an_untouched_form_and_the_choice_of_a_dataset() -> None:
    """The default recipe, its cost known."""
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=SIZES[0]) as pilot:
        screen = await open_form(app, pilot, TIMED)
        describe(screen)
        await pilot.pause()
        await assert_goldens("setup", pilot)
        screen.form.go_to("dataset")
        await pilot.press("enter")
        await pilot.pause()
        await assert_goldens("setup-datasets", pilot)


@awaited
async def test_a_form_with_changes_and_problems() -> None:
    """A value that is none, a combination that makes no sense, a change; the cursor on a choice."""
    app = make_app(Path("checkpoints"))
    typed = {"GANTERM_BATCH_SIZE": "many", "GANTERM_IMAGE_SIZE": "13", "GANTERM_SEED": "7"}
    async with app.run_test(size=SIZES[0]) as pilot:
        screen = await open_form(app, pilot, environment=typed)
        screen.form.go_to("channels")
        await pilot.pause()
        await assert_goldens("setup-wrong", pilot)


@awaited
async def test_a_form_whose_data_are_being_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search is under way, the parameters are counted, and a download is half through."""

    class Half:
        name = "mnist"

        def poll(self) -> TaskProgress:
            return TaskProgress("fetching train-images-idx3-ubyte.gz", 4_956_211, 9_912_422)

        def cancel(self) -> None:
            pass

    monkeypatch.setattr(launcher, "Fetch", lambda name: Half())
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=SIZES[0]) as pilot:
        screen = await open_form(app, pilot, COUNTED, environment={"GANTERM_RECIPE": "wgan-gp"})
        describe(screen)
        await pilot.press("ctrl+d", "ctrl+f", *"penalty", "enter", "down")
        await pilot.pause()
        # Each size once: on the way back the form may have scrolled elsewhere.
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await painted(pilot)
            assert_golden("setup-fetching", screen_text(app), size)


@awaited
async def test_the_command() -> None:
    """A long command, to copy or to select."""
    app = make_app(Path("checkpoints"))
    typed = {
        "GANTERM_DATASET": "pictures of digits/set 1",
        "GANTERM_GENERATOR": "mlp",
        "GANTERM_DISCRIMINATOR": "mlp",
        "GANTERM_LR_G": "1e-5",
    }
    async with app.run_test(size=SIZES[0]) as pilot:
        await open_form(app, pilot, environment=typed)
        await pilot.press("ctrl+y")
        await pilot.pause()
        await assert_goldens("setup-command", pilot)


@awaited
async def test_the_form_in_ascii() -> None:
    """A terminal without Unicode or colours gets the same in ASCII alone."""
    app = make_app(Path("checkpoints"), canvas=Canvas(ColourMode.NONE, Charset.ASCII, 80, 24))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, TIMED, environment={"GANTERM_IMAGE_SIZE": "9"})
        screen.form.go_to("split")
        await pilot.pause()
        text = screen_text(app)
        assert text.isascii()
        assert_golden("setup-ascii", text, (80, 24))
