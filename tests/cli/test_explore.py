"""Exploring: rows of images along directions, and the ranking that chose them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from ganterm.core.errors import ExitCode
from ganterm.render.sheet import load_sheet
from ganterm.runs.layout import RunDir
from tests.cli.checkpointed import untrained
from tests.cli.invoke import invoke
from tests.cli.pty_session import ForkedSession
from tests.close import assert_same_images


def ranking(run: RunDir, *options: object) -> list[dict[str, float]]:
    outcome = invoke("explore", run.path, "--json", *options)
    assert outcome.code == 0, outcome.said
    directions: list[dict[str, float]] = json.loads(outcome.data)["directions"]
    return directions


def test_the_strongest_dimensions_are_shown(trained: RunDir, tmp_path: Path) -> None:
    """Five rows of nine images, and a bar for each, longest first."""
    path = tmp_path / "explored.png"
    outcome = invoke("explore", trained.path, "-o", path)
    assert outcome.code == 0
    with Image.open(path) as picture:
        assert picture.size == (9 * 8 + 8 * 2, 5 * 8 + 4 * 2)
    lines = outcome.text.splitlines()
    assert len(lines) == 5
    best = ranking(trained)[:5]
    assert [int(line.split()[1]) for line in lines] == [each["number"] for each in best]
    lengths = [line.count("█") for line in lines]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] == 24


def test_all_dimensions_are_ranked_alike_whatever_is_explored(trained: RunDir) -> None:
    """Every dimension once, falling, and the same from any base point."""
    found = ranking(trained)
    assert sorted(each["number"] for each in found) == list(range(64))
    strengths = [each["strength"] for each in found]
    assert strengths == sorted(strengths, reverse=True)
    assert found == ranking(trained, "--seed", 5)


def test_one_dimension_goes_from_end_to_end_through_the_base(
    trained: RunDir, tmp_path: Path
) -> None:
    """With the span set to its value the base image itself is at the end of the row."""
    base = np.random.default_rng(1).standard_normal(64).astype(np.float32)
    base[11] = 2.0
    np.save(tmp_path / "base.npy", base)
    options = ("--from", tmp_path / "base.npy", "--dimension", 11, "--span", 2, "--steps", 3)
    assert invoke("explore", trained.path, *options, "-o", tmp_path / "row.npy").code == 0
    invoke(
        "sample", trained.path, "--latent", tmp_path / "base.npy", "-o", tmp_path / "base-image.npy"
    )
    row = np.load(tmp_path / "row.npy")
    assert row.shape == (3, 1, 8, 8)
    assert_same_images(row[2], np.load(tmp_path / "base-image.npy")[0])
    assert not np.array_equal(row[0], row[2])


def test_factorised_directions_are_explored(trained: RunDir, tmp_path: Path) -> None:
    """Directions by rank; there are other rows than those of dimensions."""
    path = tmp_path / "row.png"
    outcome = invoke("explore", trained.path, "--by", "factorise", "--top", 2, "-o", path)
    assert [line.split()[:2] for line in outcome.text.splitlines()] == [
        ["direction", "0"],
        ["direction", "1"],
    ]
    rows = [raster.pixels for raster in load_sheet(path)]
    invoke("explore", trained.path, "--top", 2, "-o", path)
    assert rows != [raster.pixels for raster in load_sheet(path)]


def test_what_cannot_be_explored_is_refused(trained: RunDir, tmp_path: Path) -> None:
    """A dimension that is not there, and points of the plane."""
    outcome = invoke("explore", trained.path, "--dimension", 64)
    assert outcome.code == ExitCode.USAGE
    assert "they are 0 to 63" in outcome.said
    outcome = invoke("explore", untrained(tmp_path, "ring"))
    assert outcome.code == ExitCode.USAGE
    assert "nothing to explore" in outcome.said


def test_a_terminal_shows_bars_and_images(trained: RunDir) -> None:
    """All of it within the screen."""
    session = ForkedSession(["explore", str(trained.path), "--top", "3"], columns=100, rows=30)
    assert session.wait() == 0
    drawn = session.text.split("seed 0.\r\n")[1].splitlines()
    assert sum(line.startswith("dimension ") for line in drawn) == 3
    assert 3 + 4 <= len(drawn) <= 29


def test_directions_of_styles_are_explored(tmp_path: Path) -> None:
    """They are those that all layers read; styles have no dimensions of latents."""
    path, file = untrained(tmp_path, "stylegan-8x8"), tmp_path / "styles.npy"
    np.save(file, np.random.default_rng(0).standard_normal((1, 4, 32)).astype(np.float32))
    usual = ("--by", "factorise", "--top", 2, "--steps", 3)
    for options in ((), ("--from", file)):
        outcome = invoke("explore", path, *usual, *options, "-o", tmp_path / "rows.npy")
        assert outcome.code == 0, outcome.said
        rows = np.load(tmp_path / "rows.npy")
        assert rows.shape == (6, 1, 8, 8)
        assert not np.array_equal(rows[0], rows[2])
    outcome = invoke("explore", path, "--from", file)
    assert outcome.code == ExitCode.USAGE
    assert "--by factorise" in outcome.said
