"""Projecting: real images from files and datasets, the fit shown, the vectors kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganterm.cli.project import PlainFit
from ganterm.config import resolve
from ganterm.core.errors import ConfigError, ExitCode
from ganterm.inference.projection import Projection, ProjectionSettings
from ganterm.inference.targets import held_out, image_files
from ganterm.runs.layout import RunDir
from tests.cli.checkpointed import untrained
from tests.cli.invoke import invoke
from tests.cli.pty_session import PtySession
from tests.close import assert_same_images
from tests.inference.generators import small

QUICK = ("--search-steps", 20, "--starts", 2)


@pytest.fixture
def picture(trained: RunDir, tmp_path: Path) -> Path:
    """Give an image file that the generator can make."""
    invoke("sample", trained.path, "--seed", 9, "-o", f"{tmp_path}/made/")
    return tmp_path / "made" / "0003.png"


def test_an_image_is_found_and_its_vector_kept(
    trained: RunDir, picture: Path, tmp_path: Path
) -> None:
    """The real image beside the fit; sample draws the vector, interpolate begins with it."""
    saved, drawn = tmp_path / "found.npy", tmp_path / "images.npy"
    outcome = invoke("project", trained.path, picture, *QUICK, "--save", saved, "-o", drawn)
    assert outcome.code == 0, outcome.said
    assert np.load(saved).shape == (1, 64)
    real, fit = np.load(drawn)
    with Image.open(picture) as image:
        assert np.array_equal(real[0], np.asarray(image))
    invoke("sample", trained.path, "--latent", saved, "-o", tmp_path / "again.npy")
    assert_same_images(np.load(tmp_path / "again.npy")[0], fit)
    invoke("interpolate", trained.path, "--from", saved, "-o", tmp_path / "walk.npy")
    assert_same_images(np.load(tmp_path / "walk.npy")[0], fit)
    (line,) = [line for line in outcome.text.splitlines() if line.startswith("0003.png")]
    squared = (real.astype(float) - fit.astype(float)) / 255
    assert float(line.split()[1]) == pytest.approx(float((squared**2).mean()), abs=1e-3)


def test_the_same_seed_finds_the_same(trained: RunDir, picture: Path) -> None:
    """To the last bit; several images have a mean."""
    arguments = ("project", trained.path, picture, picture, *QUICK, "--json")
    first, second = (json.loads(invoke(*arguments).data) for _ in range(2))
    assert first == second
    assert [each["name"] for each in first["images"]] == ["0003.png", "0003.png"]
    assert first["mean_error"] == pytest.approx(first["images"][0]["error"])


def test_files_come_in_the_shape_of_the_run(tmp_path: Path) -> None:
    """Scaled, in grey; inverted where a dark stroke on paper was scanned."""
    path = tmp_path / "scan.png"
    Image.new("RGB", (40, 40), (255, 255, 255)).save(path)
    config = resolve({"recipe": "dcgan-8x8"}).config
    (plain,), (inverted,) = (image_files([path], config, invert=invert) for invert in (False, True))
    assert plain.image.shape == (1, 8, 8)
    assert set(plain.image.flatten().tolist()) == {255}
    assert set(inverted.image.flatten().tolist()) == {0}


def test_held_out_images_are_those_the_run_did_not_see(tmp_path: Path) -> None:
    """Of the other split, by number; where there is none, it says so."""
    for split, grey in (("train", 50), ("test", 200)):
        folder = tmp_path / "pictures" / split / "a"
        folder.mkdir(parents=True)
        Image.new("L", (8, 8), grey).save(folder / "0.png")
    settings = {"recipe": "dcgan-8x8", "dataset": str(tmp_path / "pictures")}
    for split, grey in (("train", 200), ("test", 50)):
        config = resolve({**settings, "split": split}).config
        (real,) = held_out([0], config, tmp_path)
        assert set(real.image.flatten().tolist()) == {grey}
    with pytest.raises(ConfigError, match="no held-out image 1 "):
        held_out([1], config, tmp_path)
    for everything in ({**settings, "split": "all"}, {"recipe": "dcgan-8x8"}):
        with pytest.raises(ConfigError, match="trained on all of"):
            held_out([0], resolve(everything).config, tmp_path)


def test_what_cannot_be_projected_is_refused(trained: RunDir, tmp_path: Path) -> None:
    """Nothing, no file, no image, no place to save, no images at all: one sentence each."""
    text = tmp_path / "text.png"
    text.write_text("no picture")
    ring = untrained(tmp_path, "ring")
    for arguments, code, words in (
        ((trained.path,), ExitCode.USAGE, "nothing to look for"),
        ((trained.path, tmp_path / "none.png"), ExitCode.USAGE, "There is no file"),
        ((trained.path, text), ExitCode.DATA, "cannot be read as an image"),
        ((trained.path, text, "--save", tmp_path), ExitCode.USAGE, "cannot be a file"),
        ((trained.path, "--test-digit", 0), ExitCode.USAGE, "no image is held out"),
        ((ring, text), ExitCode.USAGE, "nothing to project"),
    ):
        outcome = invoke("project", *arguments)
        assert (outcome.code, words in outcome.said) == (code, True), outcome.said
        assert outcome.data == b""


def test_lines_come_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing can be redrawn; they say the step and the error."""
    now = [0.0]
    view = PlainFit(clock=lambda: now[0])
    target = torch.zeros(1, 8, 8, dtype=torch.uint8)
    projection = Projection(small("dcgan-8x8"), target - 1.0, ProjectionSettings(steps=9, starts=1))
    for second in (1, 4, 6, 7, 12):
        now[0] = float(second)
        projection.advance()
        view.show("seven.png", target, projection)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "seven.png: step 3 of 9",
        "seven.png: step 5 of 9",
    ]


def test_a_terminal_shows_the_fit_as_it_converges(trained: RunDir, picture: Path) -> None:
    """Redrawn in place and taken away at the end; the result stays."""
    arguments = ["project", str(trained.path), str(picture)]
    # In a process of its own: autograd does not go on in a copy.
    session = PtySession([*arguments, "--search-steps", "200"], columns=80, rows=30)
    assert session.wait() == 0
    assert len(re.findall(rb"\x1b\[\d+A", session.output)) > 1
    assert "step 1 of 200" in session.text
    assert "step 200 of 200" in session.text
    assert session.output.count(b"\x1b[?25l") == session.output.count(b"\x1b[?25h") == 1
    assert "projected into" in session.text.split("step 200 of 200")[1]


def test_styles_are_found_of_a_style_generator(tmp_path: Path) -> None:
    """`sample` draws them again as they were found."""
    run = untrained(tmp_path, "stylegan-8x8")
    Image.new("L", (8, 8), 99).save(tmp_path / "grey.png")
    saved, drawn = tmp_path / "found.npy", tmp_path / "images.npy"
    options = (*QUICK, "--save", saved, "-o", drawn)
    assert invoke("project", run, tmp_path / "grey.png", *options).code == 0
    assert np.load(saved).shape == (1, 4, 32)
    invoke("sample", run, "--latent", saved, "-o", tmp_path / "again.npy")
    again, fit = np.load(tmp_path / "again.npy")[0], np.load(drawn)[1]
    assert np.abs(again.astype(int) - fit).max() <= 1
