"""Showing pictures: every kind of file, taken apart, fitted, without PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganterm.core.errors import ExitCode
from ganterm.render.png import save_png
from ganterm.render.raster import Raster
from ganterm.render.sheet import save_sheet
from ganterm.runs.layout import RunDir
from tests.cli.invoke import invoke
from tests.cli.pty_session import ForkedSession

WHITE = Raster(8, 8, 1, b"\xff" * 64)
BLACK = Raster(8, 8, 1, bytes(64))


def described(*arguments: object) -> list[dict[str, object]]:
    outcome = invoke("show", *arguments, "--json")
    assert outcome.code == 0, outcome.said
    found: list[dict[str, object]] = json.loads(outcome.text)
    return found


def test_a_run_shows_its_newest_grid_taken_apart(trained: RunDir) -> None:
    """A run, by name or path, means the sample grid of its highest step, as single images."""
    (by_path,) = described(trained.path)
    assert by_path == {
        "path": str(trained.sample_path(6)),
        "kind": "grid",
        "step": 6,
        "images": 9,
        "width": 8,
        "height": 8,
        "channels": 1,
    }
    assert described(trained.name, "--runs-dir", trained.path.parent) == [by_path]


def test_a_checkpoint_shows_its_preview(trained: RunDir) -> None:
    """A checkpoint, or a folder of them, shows the preview inside, with its step."""
    file, folder = described(trained.checkpoint_path(4), trained.checkpoints)
    assert (file["kind"], file["step"], file["images"]) == ("checkpoint", 4, 9)
    assert folder["step"] == 6


def test_a_run_without_grids_shows_a_checkpoint(trained: RunDir, tmp_path: Path) -> None:
    """Where no sample has been drawn, the newest checkpoint's preview stands in; else a word."""
    run = RunDir(tmp_path / "bare")
    run.checkpoints.mkdir(parents=True)
    run.config_file.write_text("")
    outcome = invoke("show", run.path)
    assert outcome.code == ExitCode.DATA
    assert "no samples yet" in outcome.said
    run.checkpoint_path(2).write_bytes(trained.checkpoint_path(2).read_bytes())
    (found,) = described(run.path)
    assert (found["kind"], found["step"]) == ("checkpoint", 2)


def test_images_arrays_and_folders_are_told_by_their_content(tmp_path: Path) -> None:
    """PNG, GIF, .npy and a folder of images are opened whatever their names say."""
    save_png(WHITE, tmp_path / "one.png")
    save_png(BLACK, tmp_path / "two.png")
    Image.new("L", (8, 8), 200).save(tmp_path / "three.gif")
    Image.new("L", (9, 8)).save(tmp_path / "four.png")
    np.save(tmp_path / "array.npy", np.zeros((5, 3, 4, 6), np.uint8))
    (tmp_path / "array.npy").rename(tmp_path / "array.dat")
    png, gif, array, folder = described(
        tmp_path / "one.png", tmp_path / "three.gif", tmp_path / "array.dat", tmp_path
    )
    assert png["kind"] == gif["kind"] == "image"
    assert [array[key] for key in ("kind", "images", "width", "height")] == ["array", 5, 6, 4]
    assert (folder["kind"], folder["images"]) == ("folder", 1)
    assert "3 images of another size" in invoke("show", tmp_path).said


def test_the_pixels_are_drawn(tmp_path: Path) -> None:
    """Half blocks, 256 colours, no colours and ASCII each draw white beside black."""
    path = tmp_path / "two.png"
    save_sheet([WHITE, BLACK], 2, path)

    def drawn(*options: str) -> str:
        return invoke("show", path, *options).text

    assert "8;2;255;255;255" in drawn("--color", "truecolor")
    assert "8;5;" in drawn("--color", "256")
    plain = drawn("--color", "none", "--charset", "halfblock").splitlines()
    assert plain[0].count("█") == 16  # drawn twice as large, so that it can be read
    text = drawn("--charset", "ascii")
    assert text.isascii()
    assert text.splitlines()[0].count("@") == 16


def test_a_sheet_of_classes_has_a_row_each_and_says_so(tmp_path: Path) -> None:
    """All of them through a pipe; on a screen as many of each as it has room for."""
    names = [f"kind {number}" for number in range(10)]
    images = [Raster(8, 8, 1, bytes([20 * (index // 16) + 40] * 64)) for index in range(160)]
    path = tmp_path / "classes.png"
    save_sheet(images, 16, path, rows=names)
    (found,) = described(path)
    assert (found["images"], found["classes"]) == (160, names)
    outcome = invoke("show", path)
    assert "160 images, 8x8, a row each of kind 0, kind 1," in outcome.said
    session = ForkedSession(["show", str(path)], columns=120, rows=22)
    assert session.wait() == 0
    assert "a column each of kind 0" in session.text
    assert "of which 40 fit" in " ".join(session.text.split())
    assert session.text.count("\n") <= 22


def test_columns_say_how_many_stand_in_a_row(tmp_path: Path) -> None:
    """--columns 1 stacks the images, whatever would fit."""
    path = tmp_path / "two.png"
    save_sheet([WHITE, BLACK], 2, path)
    beside = invoke("show", path, "--columns", 2, "--color", "256").text.splitlines()
    stacked = invoke("show", path, "--columns", 1, "--color", "256").text.splitlines()
    assert len(beside) == 4
    assert len(stacked) == 9


def test_several_files_have_titles_and_a_bad_one_stops_none(tmp_path: Path) -> None:
    """Each file is named on standard error; one that cannot be read is a sentence and code 3."""
    save_png(WHITE, tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    outcome = invoke("show", tmp_path / "bad.png", tmp_path / "good.png", "--color", "256")
    assert outcome.code == ExitCode.DATA
    assert f"{tmp_path / 'good.png'}: 8x8." in outcome.said
    assert "bad.png" in outcome.said
    assert len(outcome.text.splitlines()) == 4
    alone = invoke("show", tmp_path / "good.png")
    assert alone.said == ""


@pytest.mark.parametrize("name", ["missing.png", "nowhere/run", "missing"])
def test_what_is_not_there_is_one_sentence(tmp_path: Path, name: str) -> None:
    """A missing file or run is refused with exit code 2."""
    outcome = invoke("show", name, "--runs-dir", tmp_path)
    assert outcome.code == ExitCode.USAGE
    assert "There is no file" in outcome.said
    assert len(outcome.said.splitlines()) == 1


def test_damaged_and_foreign_files_are_refused(trained: RunDir, tmp_path: Path) -> None:
    """A cut checkpoint, tensors without a preview, a text, a device: a sentence each."""
    cut = tmp_path / "step-00000006.safetensors"
    cut.write_bytes(trained.checkpoint_path(6).read_bytes()[:-100])
    header = b'{"__metadata__":{"step":"3"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
    other = tmp_path / "other"
    other.write_bytes(len(header).to_bytes(8, "little") + header + b"\0")
    text = tmp_path / "notes.txt"
    text.write_text("nothing to see")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, code, words in (
        (cut, ExitCode.DATA, "its tensors end at byte"),
        (other, ExitCode.DATA, "it holds no preview"),
        (text, ExitCode.DATA, "not an image"),
        (empty, ExitCode.USAGE, "neither a run nor a folder of images"),
        (Path("/dev/null"), ExitCode.DATA, "Not a regular file"),
    ):
        outcome = invoke("show", path)
        assert (outcome.code, len(outcome.said.splitlines())) == (code, 1)
        assert words in outcome.said


def test_a_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """Escape sequences in a file's name are written out, in titles and in errors."""
    evil = tmp_path / "a\x1b]0;owned\x07.png"
    save_png(WHITE, evil)
    outcome = invoke("show", evil, f"{evil}.gone")
    assert "\x1b" not in outcome.said
    assert "\\x1b]0;owned" in outcome.said


def test_a_terminal_shows_what_fits_and_says_what_does_not(tmp_path: Path) -> None:
    """A large grid stays within the screen; --all draws the rest."""
    path = tmp_path / "grid.png"
    save_sheet([WHITE] * 256, 16, path)
    session = ForkedSession(["show", str(path)], columns=80, rows=24)
    assert session.wait() == 0
    assert "256 images, 8x8, of which 32 fit; --all draws every one." in session.text
    assert len(session.text.splitlines()) <= 23
    session = ForkedSession(["show", str(path), "--all"], columns=80, rows=24)
    assert session.wait() == 0
    assert len(session.text.splitlines()) > 100
