"""The table of runs as data: what is found, in which order, in which columns."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from ganterm.client.wording import STATES
from ganterm.runs.state import State
from ganterm.tui.widgets.run_table import COLUMNS, GAP, arranged, fit, holds, padded, state_words
from tests.tui.driving import overview_of, some_runs

_BY = {column.title: index for index, column in enumerate(COLUMNS)}


def _names(column: str, *, turned: bool = False) -> list[str]:
    return [run.name for run in arranged(some_runs(), column=_BY[column], turned=turned)]


def test_what_trains_comes_first_then_what_was_heard_of_last() -> None:
    """By age, runs that train stand by name: two of them would keep changing places otherwise."""
    by_age = _names("AGE")
    assert by_age[:3] == ["dcgan-002", "dcgan-003", "sngan-001"]
    assert by_age[4:6] == ["wgan-gp-001", "far-001"]
    assert by_age[-1] == "mlp-001"


def test_losses_sort_with_what_is_not_finite_last() -> None:
    """NaN and nothing at all come last in either order."""
    up, down = _names("G LOSS"), _names("G LOSS", turned=True)
    assert set(up[-2:]) == set(down[-2:]) == {"dcgan-001", "dcgan-64-001"}
    assert down[0] == "wgan-gp-001"


def test_the_greatest_step_comes_first() -> None:
    """Counts and sizes sort down at first, and up when turned around."""
    assert _names("STEP")[0] == "wgan-gp-001"
    assert _names("STEP", turned=True)[0] in {"dcgan-64-001", "sngan-001"}


@pytest.mark.parametrize(
    ("wanted", "count"), [("", 9), ("dcgan", 6), ("DCGAN digits", 1), ("crash", 1), ("no such", 0)]
)
def test_a_filter_finds_words_anywhere(wanted: str, count: int) -> None:
    """Every word must be in name, state, recipe, dataset, device or note, in any case."""
    assert sum(holds(run, wanted) for run in some_runs()) == count


@pytest.mark.parametrize("width", range(0, 240, 9))
def test_columns_fit_any_width(width: int) -> None:
    """The least needed go first, the name never; what is left is shared out."""
    layout = fit(some_runs(), width)
    titles = [COLUMNS[index].title for index in layout.columns]
    assert titles[0] == "RUN"
    taken = sum(layout.widths) + GAP * (len(titles) - 1)
    assert taken <= width or titles == ["RUN"]
    if "NOTE" in titles:
        assert taken <= width
    if "SIZE" in titles:
        assert "D LOSS" in titles


def test_a_long_name_gives_way_before_a_column_does() -> None:
    """In the middle, for its end tells it from others; where there is room it is whole."""
    runs = [overview_of(f"my-colour-pictures-of-the-garden-{n:03}") for n in range(2)]
    narrow, wide = fit(runs, 106), fit(runs, 196)
    for layout in (narrow, wide):
        assert "SIZE" in [COLUMNS[index].title for index in layout.columns]
    assert wide.widths[0] == len(runs[0].name)
    shown = padded(runs[1].name, narrow.widths[0], in_middle=True)
    assert cell_len(shown) == narrow.widths[0] < len(runs[1].name)
    assert shown.startswith("my-colour")
    assert shown.endswith("-001")
    assert padded("漢字漢字漢字", 6, in_middle=True) == "漢 …字"


def test_an_empty_column_is_left_out() -> None:
    """Where nobody trains there is no speed, and without notes no column for them."""
    titles = [COLUMNS[index].title for index in fit([overview_of("one")], 200).columns]
    assert "IMAGES/S" not in titles
    assert "NOTE" not in titles


def test_every_state_has_a_sign_of_its_own_beside_its_word() -> None:
    """Colour is never the only sign, nor the sign the only word."""
    signs = [sign for sign, _ in STATES.values()]
    assert len(set(signs)) == len(signs)
    assert all(cell_len(sign) == 1 for sign in signs)
    states: list[State] = ["running", "crashed"]
    for state in states:
        assert state_words(overview_of("one", state=state)).endswith(f" {state}")


@pytest.mark.parametrize(
    ("text", "right", "shown"),
    [
        ("ab", False, "ab  "),
        ("ab", True, "  ab"),
        ("abcdef", False, "abc…"),
        ("漢字漢", False, "漢 …"),
    ],
)
def test_cells_are_exactly_as_wide_as_asked(text: str, right: bool, shown: str) -> None:
    """Wide characters are not cut in half."""
    assert padded(text, 4, at_right=right) == shown
