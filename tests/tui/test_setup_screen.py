"""The form of a new run: what is typed, chosen and pressed, and what comes of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from ganterm import recipes
from ganterm.client import planning as plan_module
from ganterm.client.describe import Description
from ganterm.client.planning import Plan
from ganterm.config import FIELDS, resolve
from ganterm.config.draft import Draft
from ganterm.core.errors import WorkerError
from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.screens.dialogs import CommandScreen, ConfirmScreen, PickerScreen, PromptScreen
from ganterm.tui.screens.setup import SetupScreen, rows_of, title_parts
from ganterm.tui.widgets.editor import ChoiceEditor, TextEditor, Toggle
from ganterm.tui.widgets.form_notes import Cost, FieldHelp, RecipeList
from tests.tui import forms
from tests.tui.driving import awaited, make_app, screen_text
from tests.tui.forms import COUNTED, TIMED, describe, on_top, texts

WIDE, SMALL = (120, 40), (80, 24)
Seat = tuple[GantermApp, Pilot[None], SetupScreen]


async def open_form(
    app: GantermApp,
    pilot: Pilot[None],
    *answers: Description,
    environment: Mapping[str, str] | None = None,
) -> SetupScreen:
    """Show the form with a recipe whose figures the tests know."""
    known = {"GANTERM_RECIPE": "dcgan-8x8", **(environment or {})}
    return await forms.open_form(app, pilot, *answers, environment=known)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the paths on the screen the same everywhere, and the data away."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", "data")
    monkeypatch.setenv(recipes.RECIPES_DIR_VARIABLE, "recipes")


@pytest.fixture
def app() -> GantermApp:
    return make_app(Path("checkpoints"))


async def every_field_has_the_widget_of_its_kind_in_the_schemas_order(at: Seat) -> None:
    _, _, screen = at
    names = [name for name in screen.form.rows if name != "name"]
    assert names == list(FIELDS)
    kinds = {"choice": ChoiceEditor, "boolean": Toggle}
    for name in names:
        assert type(screen.form.rows[name].editor) is kinds.get(FIELDS[name].kind, TextEditor)
    config = resolve({"recipe": "dcgan-8x8"}).config
    assert texts(screen)["lr_g"] == str(config.lr_g)
    assert texts(screen)["drop_last"] == str(config.drop_last).lower()


async def an_illegal_combination_is_explained_beside_the_field_it_names(at: Seat) -> None:
    app, pilot, screen = at
    screen.form.go_to("loss")
    await pilot.press("w")
    await pilot.pause()
    assert texts(screen)["loss"] == "wasserstein"
    assert "wasserstein needs a critic of bounded slope" in screen_text(app)
    screen.form.go_to("steps")
    await pilot.press("ctrl+n")
    assert screen.form.current is screen.form.rows["loss"]


async def a_change_is_marked_and_takes_its_consequences_along(at: Seat) -> None:
    # Type steps over a recipe of epochs: epochs is set to 0; both are marked, one is said.
    app, pilot, screen = at
    screen.form.go_to("steps")
    await pilot.press("backspace", "9", "0")
    await pilot.pause()
    assert (texts(screen)["steps"], texts(screen)["epochs"]) == ("90", "0")
    text = screen_text(app)
    assert "● steps" in text
    assert "● epochs" in text
    assert "● 2 changed" in text
    assert "$ ganterm train --recipe dcgan-8x8 --steps 90" in text
    await pilot.press("ctrl+l")
    await pilot.pause()
    assert (texts(screen)["steps"], texts(screen)["epochs"]) == ("0", "200")


async def choices_turn_jump_and_list(at: Seat) -> None:
    # Arrow keys go round, a letter jumps, Enter lists; a letter without a choice does nothing.
    app, pilot, screen = at
    screen.form.go_to("penalty")
    await pilot.press("left")
    assert texts(screen)["penalty"] == "r1+r2"
    await pilot.press("right", "w", "q")
    assert texts(screen)["penalty"] == "wgan-gp"
    assert on_top(app, SetupScreen) is screen
    await pilot.press("enter")
    await pilot.pause()
    assert on_top(app, PickerScreen).query_one(OptionList).highlighted == 1
    await pilot.press("down", "enter")
    await pilot.pause()
    assert texts(screen)["penalty"] == "r1"
    await pilot.press("enter", "escape")
    await pilot.pause()
    assert texts(screen)["penalty"] == "r1"


async def switches_switch_by_key_letter_and_click(at: Seat) -> None:
    _, pilot, screen = at
    editor = screen.form.rows["spectral_norm"].editor
    screen.form.go_to("spectral_norm")
    states = []
    for key in ("space", "enter", "y", "n", "right"):
        await pilot.press(key)
        states.append(editor.text)
    assert states == ["true", "false", "true", "false", "true"]
    await pilot.click(editor)
    assert editor.text == "false"


async def what_is_typed_is_checked_at_once_in_the_schemas_words(at: Seat) -> None:
    # Show the sentence beneath the field, count in the title, and take it back by reset.
    app, pilot, screen = at
    screen.form.go_to("batch_size")
    await pilot.press("x")
    await pilot.pause()
    sentence = "batch_size must be an integer from 1 to 65536; got '16x'."
    assert screen.plan.standings["batch_size"].trouble == sentence
    text = screen_text(app)
    assert f"└ {sentence}" in text
    assert "✗ 1 problem" in text
    assert "✗ batch_size" in text
    assert texts(screen)["batch_size"] == "16x"
    await pilot.press("ctrl+r")
    await pilot.pause()
    assert texts(screen)["batch_size"] == "16"
    assert "✓ ready" in screen_text(app)


async def what_is_typed_is_left_as_it_is_while_it_is_typed(at: Seat) -> None:
    # 1e-3 is the recipe's 0.001, and is not rewritten under the fingers.
    _, pilot, screen = at
    screen.form.go_to("lr_g")
    await pilot.press("ctrl+u", *"1e-3")
    await pilot.pause()
    assert texts(screen)["lr_g"] == "1e-3"
    assert screen.plan.draft.differing == []


async def keys_typed_in_a_burst_go_where_they_were_meant(at: Seat) -> None:
    # Over a slow link several keys come at once: each acts on what the one before led to.
    app, pilot, screen = at
    screen.form.go_to("fit")
    await pilot.pause()
    for key in ("down", "down", "down", "7", "ctrl+f", "l", "r"):
        app.simulate_key(key)
    await pilot.pause()
    assert texts(screen)["batch_size"] == "167"
    assert screen.query_one("#find", Input).value == "lr"
    await pilot.press("escape")


async def a_search_shows_only_what_holds_the_words(at: Seat) -> None:
    # Names, help, guidance and choices are searched; Enter goes there, Escape shows all again.
    app, pilot, screen = at
    await pilot.press("ctrl+f", *"learning rate")
    await pilot.pause()
    assert [row.setting.name for row in screen.form.shown] == ["lr_g", "lr_d", "lr_schedule"]
    await pilot.press("enter", "down")
    assert screen.form.current is screen.form.rows["lr_d"]
    await pilot.press("ctrl+f", *" nothing at all")
    await pilot.pause()
    assert "No setting holds that." in screen_text(app)
    await pilot.press("escape")
    await pilot.pause()
    assert len(screen.form.shown) == len(screen.form.rows)
    assert on_top(app, SetupScreen) is screen


async def parameters_and_time_are_said_before_the_start(at: Seat) -> None:
    # First that they are counted, then the counts, then the time of 1,000 steps and of the run.
    _, pilot, screen = at
    cost = screen.query_one("#cost-beside", Cost)
    assert "counting parameters …" in cost.words.plain
    describe(screen)
    assert "1,636,737 parameters" in cost.words.plain
    assert "timing a few steps …" in cost.words.plain
    describe(screen)
    assert "1,000 steps: about 54 s on cpu" in cost.words.plain
    assert "Run: 22,600 steps, about 20 min" in cost.words.plain
    screen.form.go_to("batch_size")
    await pilot.press("x")
    await pilot.pause()
    assert "Put right what is wrong" in cost.words.plain
    await pilot.press("backspace")
    await pilot.pause()
    assert "1,000 steps: about 54 s on cpu" in cost.words.plain


async def a_plan_is_saved_as_a_recipe_and_listed(at: Seat) -> None:
    # Built-in names are refused as they are typed; a file is only replaced after a question.
    app, pilot, screen = at
    screen.plan.set("seed", "3")
    await pilot.press("ctrl+s", *"mlp")
    await pilot.pause()
    assert "one of ganterm's own" in on_top(app, PromptScreen).trouble
    await pilot.press("2", "enter")
    await pilot.pause()
    assert resolve({"recipe": "mlp2"}).config.seed == 3
    options = screen.query_one(RecipeList).option_list.options
    assert any("mlp2" in str(option.prompt) for option in options)
    screen.plan.set("seed", "4")
    await pilot.press("ctrl+s", *"mlp2", "enter")
    await pilot.pause()
    on_top(app, ConfirmScreen)
    await pilot.press("n")
    assert resolve({"recipe": "mlp2"}).config.seed == 3
    await pilot.press("ctrl+s", *"mlp2", "enter", "y")
    await pilot.pause()
    assert resolve({"recipe": "mlp2"}).config.seed == 4


async def recipes_are_chosen_from_the_list_beside_the_form(at: Seat) -> None:
    # What the one under the cursor is for is said; Enter or a click takes it.
    app, pilot, screen = at
    screen.query_one(RecipeList).option_list.focus()
    await pilot.press("end")
    await pilot.pause()
    assert "For me." in screen_text(app)
    await pilot.press("enter")
    await pilot.pause()
    assert texts(screen)["recipe"] == "zmine"
    assert texts(screen)["dataset"] == "usps"
    assert "usps is not here yet" in screen_text(app)


@awaited
async def test_a_wide_form_that_is_filled_in(app: GantermApp) -> None:
    """One form for all of these, put back to the recipe after each; a bad recipe is mentioned."""
    Path("recipes").mkdir()
    Path("recipes/zmine.toml").write_text('dataset = "usps"\n[about]\npurpose = "For me."\n')
    Path("recipes/bad.toml").write_text("\x1b]0;x\x07 = [")
    async with app.run_test(size=WIDE) as pilot:
        screen = await open_form(app, pilot, COUNTED, TIMED)
        (note,) = app._notifications
        assert "bad.toml is skipped" in note.message
        Path("recipes/bad.toml").unlink()
        for check in (
            parameters_and_time_are_said_before_the_start,
            every_field_has_the_widget_of_its_kind_in_the_schemas_order,
            an_illegal_combination_is_explained_beside_the_field_it_names,
            a_change_is_marked_and_takes_its_consequences_along,
            choices_turn_jump_and_list,
            switches_switch_by_key_letter_and_click,
            a_plan_is_saved_as_a_recipe_and_listed,
            recipes_are_chosen_from_the_list_beside_the_form,
        ):
            await check((app, pilot, screen))
            await pilot.press("ctrl+l")
            await pilot.pause()


async def only_what_differs_can_be_shown(at: Seat) -> None:
    _, pilot, screen = at
    screen.form.go_to("seed")
    await pilot.press("3")
    screen.form.go_to("width")
    await pilot.press("ctrl+o")
    assert [row.setting.name for row in screen.form.shown] == ["seed", "width"]
    await pilot.press("ctrl+o")
    assert len(screen.form.shown) == len(screen.form.rows)


async def the_command_is_copied_and_shown_in_full(at: Seat) -> None:
    app, pilot, screen = at
    screen.plan.set("seed", "3")
    await pilot.press("ctrl+y")
    await pilot.pause()
    assert app.clipboard == "ganterm train --recipe dcgan-8x8 --seed 3"
    assert (
        str(on_top(app, CommandScreen).query_one("#command Static", Static).content)
        == app.clipboard
    )
    app.copy_to_clipboard("")
    await pilot.press("c")
    assert app.clipboard == screen.plan.command
    await pilot.press("escape")
    await pilot.pause()
    assert on_top(app, SetupScreen) is screen


async def the_help_speaks_of_the_field_at_hand(at: Seat) -> None:
    # Beside the form where there is room, else below it.
    _, pilot, screen = at
    screen.form.go_to("lr_d")
    for size, where in ((WIDE, "#help-beside"), (SMALL, "#help-below")):
        await pilot.resize_terminal(*size)
        view = screen.query_one(where, FieldHelp)
        assert view.display
        assert "lower it when the discriminator is too strong" in view.words.plain
        assert "Can be changed while the run trains." in view.words.plain


async def a_form_with_a_problem_is_neither_saved_nor_started(at: Seat) -> None:
    app, pilot, screen = at
    screen.plan.set("width", "wide")
    for key in ("ctrl+g", "ctrl+s"):
        screen.form.go_to("seed")
        await pilot.press(key)
        await pilot.pause()
        assert on_top(app, SetupScreen) is screen
        assert screen.form.current is screen.form.rows["width"]
    assert not Path("checkpoints").exists()


async def a_worker_that_does_not_start_says_why(at: Seat) -> None:
    app, pilot, screen = at
    app.clear_notifications()
    await pilot.press("ctrl+g")
    await app.workers.wait_for_complete()
    await pilot.pause()
    assert [note.message for note in app._notifications] == ["No \\x1b[31mmemory."]
    assert on_top(app, SetupScreen) is screen
    assert screen.check_action("start", ())


@awaited
async def test_a_small_form_that_is_filled_in(
    app: GantermApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One form for all of these, put back to the recipe after each."""

    def fail(_run: RunDir) -> None:
        raise WorkerError("No \x1b[31mmemory.")

    monkeypatch.setattr(plan_module, "start_worker", fail)
    async with app.run_test(size=SMALL) as pilot:
        screen = await open_form(app, pilot)
        for check in (
            what_is_typed_is_checked_at_once_in_the_schemas_words,
            what_is_typed_is_left_as_it_is_while_it_is_typed,
            keys_typed_in_a_burst_go_where_they_were_meant,
            a_search_shows_only_what_holds_the_words,
            only_what_differs_can_be_shown,
            the_command_is_copied_and_shown_in_full,
            the_help_speaks_of_the_field_at_hand,
            a_form_with_a_problem_is_neither_saved_nor_started,
            a_worker_that_does_not_start_says_why,
        ):
            await check((app, pilot, screen))
            await pilot.press("ctrl+l")
            await pilot.pause()


@awaited
async def test_leaving_ends_the_process_that_describes(app: GantermApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        screen = await open_form(app, pilot, TIMED)
        describer = describe(screen)
        await pilot.press("escape")
        await pilot.pause()
        assert app.current_mode == "runs"
    assert describer.closed


@awaited
async def test_starting_goes_to_the_run(app: GantermApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the worker starts the title says so; then the app watches the run."""
    let_go = threading.Event()
    started: list[RunDir] = []

    def start(run: RunDir) -> None:
        let_go.wait(60)
        started.append(run)

    monkeypatch.setattr(plan_module, "start_worker", start)
    async with app.run_test(size=SMALL) as pilot:
        screen = await open_form(app, pilot)
        screen.form.go_to("name")
        await pilot.press(*"first", "ctrl+g")
        await pilot.pause()
        assert "starting …" in screen_text(app)
        assert screen.check_action("start", ()) is None
        let_go.set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert [run.name for run in started] == ["first"]
        assert app.watched == started[0]
        assert app.current_mode == "monitor"
        assert screen.plan.name == ""


@awaited
async def test_a_run_is_queued_as_it_is_set_up(
    app: GantermApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any number of them: the form stays as it is."""
    queued: list[tuple[str, str]] = []
    monkeypatch.setattr(plan_module, "enqueue", lambda run, on: queued.append((run.name, on)))
    async with app.run_test(size=SMALL) as pilot:
        screen = await open_form(app, pilot)
        for name in ("first", "second"):
            screen.form.go_to("name")
            await pilot.press(*name, "ctrl+e")
            await app.workers.wait_for_complete()
            await pilot.pause()
        assert queued == [("first", "auto"), ("second", "auto")]
        assert on_top(app, SetupScreen) is screen
        assert any("second is queued" in each.message for each in app._notifications)


def test_the_forms_rows_are_the_schemas_in_its_order() -> None:
    plan = Plan(Draft("dcgan-8x8"), Path("checkpoints"))
    groups = rows_of(plan)
    assert list(groups) == ["Data", "Networks", "Objective", "Optimisers", "Step", "Output"]
    assert [setting.name for setting, _ in groups["Data"]][:3] == ["recipe", "name", "dataset"]


def test_the_title_says_how_the_plan_stands() -> None:
    plan = Plan(Draft("dcgan-8x8"), Path("checkpoints"))

    def title() -> str:
        return "  ".join(part.text for part in title_parts(plan, starting=False) if part.text)

    assert title() == "New run  ✓ ready  dcgan-8x8  digits 8x8, 200 epochs"
    plan.set("dataset", "mnist")
    plan.set("steps", "0")
    plan.set("batch_size", "x")
    assert "✗ 1 problem" in title()
    assert "● 2 changed  mnist is not here yet" in title()
    assert title_parts(plan, starting=True)[1].text == "starting …"
