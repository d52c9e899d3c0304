"""The form of an output is what was asked for, or what its name says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.cli.outputs import OutputForm, choose_form, square


@pytest.mark.parametrize(
    ("output", "form"),
    [
        (None, OutputForm.TERM),
        ("-", OutputForm.PNG),
        ("a.png", OutputForm.PNG),
        ("A.PNG", OutputForm.PNG),
        ("a.npy", OutputForm.NPY),
        ("a.ansi", OutputForm.ANSI),
        ("a.ans", OutputForm.ANSI),
        ("a.txt", OutputForm.TXT),
        ("new/", OutputForm.FILES),
    ],
)
def test_the_name_says_the_form(output: str | None, form: OutputForm) -> None:
    """Each ending has its form, in capitals too; no name is the terminal."""
    assert choose_form(None, output) is form


def test_what_was_asked_for_wins(tmp_path: Path) -> None:
    """--format wins over the ending, and a directory that exists takes files."""
    assert choose_form(OutputForm.NPY, "a.png") is OutputForm.NPY
    assert choose_form(None, str(tmp_path)) is OutputForm.FILES


def test_a_grid_is_about_as_wide_as_high() -> None:
    """The columns of a grid are the side of the smallest square that holds the images."""
    assert [square(count) for count in (1, 2, 4, 5, 9, 16, 17)] == [1, 2, 2, 3, 3, 4, 5]
