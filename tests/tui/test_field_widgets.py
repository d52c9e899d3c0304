"""Rows, path completion and costs: what they say in how much room."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from ganterm.client.describe import Description
from ganterm.config import FIELDS, resolve
from ganterm.tui.widgets.editor import PathSuggester, complete
from ganterm.tui.widgets.form import FieldRow, Setting
from ganterm.tui.widgets.form_notes import FieldHelp, cost_lines
from tests.tui.driving import awaited, make_app, screen_text
from tests.tui.forms import open_form

CONFIG = resolve({"recipe": "dcgan", "steps": 5000}).config


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, ["counting parameters …", "Run: 5,000 steps"]),
        (Description(12, 3), ["12 parameters", "timing a few steps …", "Run: 5,000 steps"]),
        (
            Description(1, 1, 0.04, "cpu"),
            ["1,000 steps: about 0.1 s on cpu", "5,000 steps, about 0.2 s"],
        ),
        (Description(1, 1, 12.3, "mps"), ["1,000 steps: about 12 s on mps", "about 62 s"]),
        (Description(1, 1, 300.0, "cuda:1"), ["about 5 min on cuda:1", "about 25 min"]),
        (Description(1, 1, 9000.0, "cpu"), ["about 2 h on cpu", "about 12 h"]),
        (Description(1, 1, 90000.0, "cpu"), ["about 25 h on cpu", "about 5 days"]),
        (Description(1, 1, None, "cpu", "Too \x1b large."), ["Too \\x1b large.", "5,000 steps"]),
        (Description(error="No such \x1b device."), ["No such \\x1b device."]),
    ],
)
def test_the_cost_is_said_in_lines_and_in_short(known: Description | None, said: list[str]) -> None:
    lines = cost_lines(CONFIG, known, None)
    long = "\n".join(line for line, _ in lines)
    for words in said:
        assert words in long
    assert all(short for line, short in lines if line)


def test_the_length_of_a_run_of_epochs_depends_on_the_images() -> None:
    """For a folder, whose images are not counted, nothing is said of the whole run."""
    config = resolve({"recipe": "dcgan-8x8"}).config
    assert cost_lines(config, None, 1797)[-1][0] == "Run: 22,600 steps"
    assert cost_lines(config, None, None)[-1] == ("", "")
    assert "Put right" in cost_lines(None, None, None)[0][0]


def test_folders_are_completed_as_far_as_they_are_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first folder by name; no file, no hidden one unasked, nothing that steers a terminal."""
    for name in ("cats", "cars", ".hidden", "do\x1bgs"):
        (tmp_path / name).mkdir()
    (tmp_path / "carpet.png").touch()
    assert complete(f"{tmp_path}/ca") == f"{tmp_path}/cars"
    assert complete(f"{tmp_path}/cat") == f"{tmp_path}/cats"
    assert complete(f"{tmp_path}/") == f"{tmp_path}/cars"
    assert complete(f"{tmp_path}/.h") == f"{tmp_path}/.hidden"
    assert complete(f"{tmp_path}/do") is None
    assert complete(f"{tmp_path}/none/x") is None
    assert complete("a\0/b") is None
    monkeypatch.setenv("HOME", str(tmp_path))
    assert complete("~/cat") == "~/cats"
    assert complete("~nobody-has-this-name/x") is None
    assert os.sep not in "mnist"
    assert asyncio.run(PathSuggester().get_suggestion("mnist")) is None
    assert asyncio.run(PathSuggester().get_suggestion("~/cat")) == "~/cats"


def test_every_word_of_a_search_must_occur() -> None:
    row = FieldRow(Setting.of(FIELDS["d_norm"]), "auto")
    assert row.matches("")
    assert row.matches("d norm")
    assert row.matches("Published BATCH disturbs")
    assert not row.matches("norm mouse")


@awaited
async def test_a_row_says_what_it_has_room_for(tmp_path: Path) -> None:
    """A wide one help and guidance, a small one whole clauses of it, or the recipe's value."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        screen = await open_form(app, pilot)
        screen.form.go_to("batch_size")
        for size, has_help, has_guidance in (
            ((60, 20), False, False),
            ((200, 50), True, True),
            ((80, 24), False, True),
        ):
            await pilot.resize_terminal(*size)
            (line,) = (one for one in screen_text(app).splitlines() if "  batch_size" in one)
            assert ("Real images per batch." in line) == has_help
            assert ("64-128" in line) == has_guidance

        # Beside the field stand whole clauses or nothing; the setting at hand has all of it below.
        for name, said in (("lr_d", "1e-4 to 2e-4; …"), ("spectral_norm", "")):
            screen.form.go_to(name)
            await pilot.pause()
            text = screen_text(app)
            line, _ = (one for one in text.splitlines() if one.strip().startswith(f"{name} "))
            assert line[52:76].strip() == said
            whole = " ".join(screen.query_one("#help-below", FieldHelp).words.plain.split())
            assert FIELDS[name].guidance in whole
            assert FIELDS[name].guidance in " ".join(text.split())

        screen.form.go_to("batch_size")
        await pilot.press("ctrl+u", "7", "7")
        await pilot.pause()
        (line,) = (one for one in screen_text(app).splitlines() if "● batch_size" in one)
        assert line.split()[-2:] == ["recipe:", str(resolve({}).config.batch_size)]
        await pilot.click(screen.form.rows["epochs"], offset=(3, 0))
        assert screen.form.current is screen.form.rows["epochs"]

        # The sign of a list opens it.
        row = screen.form.rows["dataset"]
        screen.form.go_to("dataset")
        await pilot.pause()
        await pilot.click(row, offset=(row.editor.region.right - row.region.x + 1, 0))
        await pilot.pause()
        assert "MNIST handwritten digits" in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert screen.form.current is row
