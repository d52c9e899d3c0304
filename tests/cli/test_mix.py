"""Mixing: the table of styles, its edges, and what cannot be mixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ganterm.cli.mix import seeds_in
from ganterm.core.errors import ConfigError, ExitCode
from ganterm.render.sheet import load_sheet
from ganterm.runs.layout import RunDir
from tests.cli.checkpointed import untrained
from tests.cli.invoke import invoke

TABLE = ("--rows", "0-1", "--columns", "4,6,9")


@pytest.fixture(scope="module")
def styled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("styled"), "stylegan-8x8")


def table(path: Path, *options: object) -> npt.NDArray[np.uint8]:
    """Give the table (rows + 1, columns + 1, H, W) of two rows and three columns."""
    drawn = path.parent / "table.npy"
    outcome = invoke("mix", path, *TABLE, *options, "-o", drawn)
    assert outcome.code == 0, outcome.said
    found: npt.NDArray[np.uint8] = np.load(drawn).reshape(3, 4, 8, 8)
    return found


def test_the_edges_are_the_images_that_are_mixed(styled: Path, tmp_path: Path) -> None:
    """Just as `sample` draws them; the corner between them is black."""
    found = table(styled)
    assert not found[0, 0].any()
    for place, seed in (((1, 0), 0), ((2, 0), 1), ((0, 1), 4), ((0, 3), 9)):
        invoke("sample", styled, "--seed", seed, "-o", tmp_path / "one.npy")
        # A batch of another size may round a value the other way.
        expected = np.load(tmp_path / "one.npy")[0, 0].astype(int)
        assert np.abs(found[place] - expected).max() <= 1


def test_the_crossover_decides_whose_layers_count(styled: Path) -> None:
    """At 0 a mix is its column's image, at the last layer its row's, between them neither."""
    fine, coarse = table(styled, "--crossover", 0), table(styled, "--crossover", 4)
    for row in (1, 2):
        for column in (1, 2, 3):
            assert np.abs(fine[row, column].astype(int) - fine[0, column]).max() <= 1
            assert np.abs(coarse[row, column].astype(int) - coarse[row, 0]).max() <= 1
    between = table(styled, "--crossover", 2)
    assert not np.array_equal(between[1, 1], between[1, 0])
    assert not np.array_equal(between[1, 1], between[0, 1])


def test_a_truncated_table_draws_near_to_one_image(styled: Path) -> None:
    """At 0 all are the mean."""
    found = table(styled, "--truncation", 0).astype(int)
    assert np.abs(found[1:, 1:] - found[1, 1]).max() <= 1


def test_the_picture_is_a_table(styled: Path, tmp_path: Path) -> None:
    """As many images as there are places in it."""
    path = tmp_path / "table.png"
    outcome = invoke("mix", styled, *TABLE, "-o", path)
    assert "2 x 3 mixes" in outcome.said
    assert len(load_sheet(path)) == 3 * 4


def test_a_generator_without_styles_is_refused(trained: RunDir) -> None:
    """In one sentence that says what to do instead."""
    outcome = invoke("mix", trained.path)
    assert outcome.code == ExitCode.USAGE
    assert "no styles to mix" in outcome.said
    assert "--recipe stylegan" in outcome.said


def test_a_crossover_beyond_the_layers_is_refused(styled: Path) -> None:
    """With the numbers that will do."""
    outcome = invoke("mix", styled, "--crossover", 5)
    assert outcome.code == ExitCode.USAGE
    assert "0 to 4" in outcome.said


def test_seeds_are_numbers_and_ranges() -> None:
    """In the order they are written."""
    assert seeds_in("7, 0-2,5", "--rows") == [7, 0, 1, 2, 5]


@pytest.mark.parametrize("text", ["", "a", "3-1", "-1", "1,", "1-2-3", "²", "9" * 19])
def test_what_are_no_seeds_is_refused(text: str) -> None:
    """With an example of what is."""
    with pytest.raises(ConfigError, match="write them as"):
        seeds_in(text, "--rows")


def test_too_many_seeds_are_refused() -> None:
    """Before anything is made of them."""
    with pytest.raises(ConfigError, match="more than 100"):
        seeds_in("0-999999999999", "--columns")
