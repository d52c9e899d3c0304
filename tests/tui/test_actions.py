"""The table of actions: every action is there by key, by mouse, in the help and in the palette."""

from __future__ import annotations

import importlib
import inspect
import itertools
import pkgutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList

from ganterm.core.quantities import QUANTITIES
from ganterm.tui import screens
from ganterm.tui.actions import DIALOGS, TABLE, Scope, bindings, key_name, offered
from ganterm.tui.app import GantermApp
from ganterm.tui.base import AppScreen, Dialog
from ganterm.tui.screens.dialogs import HelpScreen
from ganterm.tui.widgets.footer import ActionFooter
from tests.tui.driving import awaited, list_runs, make_app, screen_text, some_runs

SCREENS: tuple[Scope, ...] = tuple(scope for scope in TABLE if scope not in {*DIALOGS, "app"})


def classes() -> dict[Scope, type[Any]]:
    """Return the class that each scope belongs to."""
    found: dict[Scope, type[Any]] = {"app": GantermApp}
    for module in pkgutil.iter_modules(screens.__path__):
        for value in vars(importlib.import_module(f"{screens.__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, AppScreen | Dialog):
                scope = vars(value).get("SCOPE")
                if scope is not None:
                    found[scope] = value
    return found


@awaited
async def test_every_action_can_be_done_and_is_offered(tmp_path: Path) -> None:
    """What a key calls is there and takes its arguments; palette and help offer what can be."""
    assert classes().keys() == TABLE.keys()
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        for scope in SCREENS:
            await app.switch_mode(scope)
            await pilot.pause()
            screen = app.screen
            assert isinstance(screen, AppScreen)
            named = {command.title for command in app.get_system_commands(screen)}
            for of, action in offered(scope):
                place: Any = app if of == "app" else screen
                assert hasattr(place, f"action_{action.id}"), action
                if action.does:
                    call, arguments = action.target(place)
                    inspect.signature(call).bind(*arguments)
                applies = of == "app" or screen.applies(action.id)
                can = action.id != "command_palette" and place.check_action(action.id, ()) is True
                if applies and can:
                    assert f"{action.label} ({key_name(action.keys.split(',')[0])})" in named
            await app.push_screen(HelpScreen(scope))
            options = {option.id for option in app.screen.query_one(OptionList).options}
            assert {f"{of}.{action.id}" for of, action in offered(scope)} <= options
            app.pop_screen()


@pytest.mark.parametrize("scope", sorted(DIALOGS))
def test_every_action_of_a_dialog_can_be_done(scope: Scope) -> None:
    """The dialogs call methods of their own."""
    for action in TABLE[scope]:
        call, arguments = action.target(classes()[scope])
        inspect.signature(call).bind("the dialog", *arguments)


def test_no_key_does_two_things() -> None:
    """Within a screen, with what the app does everywhere, each key belongs to one action."""
    for scope in TABLE:
        keys = Counter(key for _, action in offered(scope) for key in action.keys.split(","))
        assert keys.most_common(1)[0][1] == 1, f"{scope}: {keys.most_common(3)}"


def test_the_bindings_are_the_table() -> None:
    """Each class binds the keys of its scope; those of the footer are shown, with their help."""
    for scope, owner in classes().items():
        assert bindings(scope) == owner.BINDINGS
        bound = [(each.action, each.key, each.show, each.tooltip) for each in owner.BINDINGS]
        assert bound == [(a.id, a.keys, bool(a.rank), a.help) for a in TABLE[scope]]


def test_every_action_is_explained() -> None:
    """A label of one to three words and one sentence of help, nothing twice in a scope."""
    for scope, actions in TABLE.items():
        for action in actions:
            assert 1 <= len(action.label.split()) <= 3, action
            assert action.help.endswith("."), action
        for names in (Counter(a.label for a in actions), Counter(a.id for a in actions)):
            assert max(names.values()) == 1, f"{scope}: {names}"


@awaited
async def test_a_click_in_the_help_does_the_action(tmp_path: Path) -> None:
    """The help is a menu for the mouse: what is clicked is done on the screen below."""
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 40)) as pilot:
        list_runs(app, some_runs())
        await pilot.press("question_mark")
        options = app.screen.query_one(OptionList)
        row = next(i for i, option in enumerate(options.options) if option.id == "runs.mark_all")
        await pilot.click(OptionList, offset=(5, row))
        await pilot.pause()
        assert not isinstance(app.screen, HelpScreen)
        assert len(app.screen.query_one("RunTable").marked) == len(some_runs())  # type: ignore[attr-defined]


@awaited
async def test_a_click_in_the_footer_does_the_action(tmp_path: Path) -> None:
    """Every name in the footer is a button."""
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 24)) as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        footer = app.screen.query_one(ActionFooter)
        text = footer.render_line(0).text
        await pilot.click(ActionFooter, offset=(text.index("Space") + 1, 0))
        await pilot.pause()
        assert "◆ 1 marked" in app.screen.query_one("Header").text  # type: ignore[attr-defined]
        text = footer.render_line(0).text
        await pilot.click(ActionFooter, offset=(text.index("help"), 0))
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)


@awaited
async def test_the_footer_fits_any_width(tmp_path: Path) -> None:
    """Help stays to the last, nothing is cut in the middle, the line is as wide as the screen."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        for width in range(1, 140, 7):
            await pilot.resize_terminal(width, 10)
            strip = app.screen.query_one(ActionFooter).render_line(0)
            assert strip.cell_length == width
            labels = {action.label for _, action in offered("runs") if action.rank}
            shown = {
                part.split(maxsplit=1)[-1].strip()
                for part in strip.text.split("  ")
                if part.strip()
            }
            if width > 10:
                assert "help" in shown
                assert shown <= labels


@pytest.mark.parametrize(
    ("key", "name"),
    [("question_mark", "?"), ("ctrl+p", "^p"), ("f12", "F12"), ("S", "S"), ("escape", "Esc")],
)
def test_keys_are_named_as_people_read_them(key: str, name: str) -> None:
    """Not by Textual's names."""
    assert key_name(key) == name


def test_every_key_of_the_table_is_one_that_textual_sends() -> None:
    """A key by a name that Textual never sends could not be pressed."""
    known = {"escape", "enter", "space", "delete", "left", "right", "up", "down", "home", "end"}
    known |= {"tab", "backspace", "pageup", "pagedown", "question_mark", "colon", "slash", "plus"}
    known |= {"asterisk", "left_square_bracket", "right_square_bracket", "minus", "comma"}
    known |= {"full_stop", "equals_sign", "less_than_sign", "greater_than_sign", "underscore"}
    known |= {"left_curly_bracket", "right_curly_bracket", "left_parenthesis", "right_parenthesis"}
    for action in itertools.chain.from_iterable(TABLE.values()):
        for key in action.keys.split(","):
            last = key.split("+")[-1]
            assert len(last) == 1 or last in known or last.removeprefix("f").isdigit(), key


TOGETHER: tuple[frozenset[str], ...] = (
    frozenset({"less", "lower_value", "truncate", "much_less"}),
    frozenset({"more", "raise_value", "exaggerate", "much_more"}),
    frozenset({"pan_left", "much_less"}),
    frozenset({"pan_right", "much_more"}),
    frozenset({"cursor_left", "earlier", "less"}),
    frozenset({"cursor_right", "later", "more"}),
    frozenset({"above", "up", "previous_score"}),
    frozenset({"below", "down", "next_score"}),
    frozenset({"previous_chart", "previous_score", "previous_quantity", "earlier_step"}),
    frozenset({"next_chart", "next_score", "next_quantity", "later_step"}),
    frozenset({"earlier_samples", "group_above"}),
    frozenset({"later_samples", "group_below"}),
    frozenset({"pane_charts", "pane_scores", "pane_sliders"}),
    frozenset({"pane_preview", "pane_classes", "pane_walk"}),
    frozenset({"pane_steer", "pane_pictures", "pane_places"}),
    frozenset({"pane_log", "pane_others", "pane_sketch"}),
    frozenset({"next_pane", "onward"}),
    frozenset({"previous_pane", "back"}),
    frozenset({"leave", "clear"}),
    frozenset({"zoom_all", "zero"}),
    frozenset({"watch", "image", "take"}),
    frozenset({"mark", "film", "press"}),
    frozenset({"stop", "break_off"}),
    frozenset({"next_image", "next_class", "new_run"}),
    frozenset({"previous_image", "previous_class"}),
    frozenset({"edit_value", "rename", "rubber"}),
    frozenset({"judge_all", "all_settings"}),
)
"""Names of one meaning: before and after, less and more, panes by number, go in, end, edit, all."""
APART: dict[str, str] = {
    "a": "A and B are what the ends of a walk are called",
    "b": "as a",
    "c": "the list of runs has no pictures to colour, and no other screen marks runs to compare",
    "m": "an event is marked in the charts, a place in the run",
    "o": "the list has notes, the charts outliers",
    "r": "the explorer trains nothing, so that nothing can be resumed there",
    "s": "the list is sorted, curves are smoothed, a seed is a place",
    "v": "each screen has one thing of which another kind can be had",
    "w": "the worst images, and the way between two",
}
"""Keys whose meanings differ, and why that does no harm."""


def test_a_key_means_the_same_on_every_screen() -> None:
    """Or what it means belongs together, or the screens have nothing in common there."""
    meant: dict[str, set[str]] = {}
    for scope in SCREENS:
        for action in TABLE[scope]:
            for key in action.keys.split(","):
                meant.setdefault(key, set()).add(action.id)
    apart = {
        key
        for key, names in meant.items()
        if len(names) > 1 and not any(names <= alike for alike in TOGETHER)
    }
    assert apart == APART.keys()


@awaited
async def test_while_a_field_is_typed_into_the_footer_names_keys_that_work(tmp_path: Path) -> None:
    """A letter would go into the field: F1 helps, ^q leaves; with the field they come back."""
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 24)) as pilot:
        list_runs(app, some_runs())
        await pilot.pause()
        footer = app.screen.query_one(ActionFooter)
        assert "? help" in footer.render_line(0).text
        await pilot.press("slash")
        await pilot.pause()
        text = footer.render_line(0).text
        assert text.split() == [
            "F2",
            "rename",
            "Esc",
            "clear",
            "F1",
            "help",
            "^p",
            "menu",
            "^q",
            "quit",
        ]
        await pilot.press("question_mark", "q")
        assert app.screen.query_one(Input).value == "?q"
        await pilot.press("f1")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert "? help" in footer.render_line(0).text


@awaited
async def test_the_help_explains_the_figures_and_hangs_what_is_long(tmp_path: Path) -> None:
    """In the words of the journal's schema; no line begins under the keys."""
    app = make_app(tmp_path)
    async with app.run_test(size=(60, 80)) as pilot:
        await app.push_screen(HelpScreen("compare"))
        await pilot.pause()
        shown = screen_text(app)
        words = " ".join(shown.replace("│", " ").split())
        for name in ("acc real", "diversity", "precision", "kernel distance"):
            assert name in words
        assert QUANTITIES["diversity"].help.split(":")[0] in words
        rows = [line[1:].rstrip("│ ") for line in shown.splitlines() if "│" in line]
        first = next(at for at, row in enumerate(rows) if "diversity" in row)
        assert rows[first + 1].startswith(" " * 12)
