"""Walks between latent points: rows, films, and the film in the terminal."""

from __future__ import annotations

import io
import re
import termios
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganterm.core.errors import ExitCode
from ganterm.render.sheet import load_sheet
from ganterm.runs.layout import RunDir
from tests.cli.checkpointed import untrained
from tests.cli.invoke import invoke
from tests.cli.pty_session import ForkedSession
from tests.close import assert_same_images


def test_a_walk_goes_from_one_sample_to_another(trained: RunDir, tmp_path: Path) -> None:
    """Ten images in a row, of which the ends are the first samples of both seeds."""
    path = tmp_path / "walk.png"
    assert invoke("interpolate", trained.path, "--seed", 3, "--seed", 7, "-o", path).code == 0
    with Image.open(path) as picture:
        assert picture.size == (10 * 8 + 9 * 2, 8)
    images = [raster.pixels for raster in load_sheet(path)]
    for seed, image in ((3, images[0]), (7, images[-1])):
        invoke("sample", trained.path, "--seed", seed, "-o", tmp_path / "sample.png")
        first = load_sheet(tmp_path / "sample.png")[0].pixels
        assert_same_images(np.frombuffer(first, np.uint8), np.frombuffer(image, np.uint8))
    assert len(set(images)) > 5


def test_more_points_make_more_rows(trained: RunDir, tmp_path: Path) -> None:
    """A row from each point to the next, as many steps as asked for, both ends in it."""
    seeds = [word for seed in (1, 2, 3) for word in ("--seed", seed)]
    path = tmp_path / "walk.npy"
    invoke("interpolate", trained.path, *seeds, "--steps", 4, "-o", path)
    array = np.load(path, allow_pickle=False)
    assert array.shape == (8, 1, 8, 8)
    assert_same_images(array[3], array[4])
    invoke("interpolate", trained.path, *seeds, "--steps", 4, "-o", tmp_path / "walk.png")
    with Image.open(tmp_path / "walk.png") as picture:
        assert picture.size == (4 * 8 + 3 * 2, 2 * 8 + 2)


def test_ways_and_truncation_differ(trained: RunDir) -> None:
    """Spherical is the default, linear another way, and truncation changes the images."""

    def made(*options: object) -> bytes:
        return invoke("interpolate", trained.path, "--format", "npy", "-o", "-", *options).data

    assert made() == made("--spherical") == made("--truncation", 1)
    assert len({made(), made("--linear"), made("--truncation", 0.5)}) == 3
    still = np.load(io.BytesIO(made("--truncation", 0)))
    assert_same_images(still, np.broadcast_to(still[:1], still.shape))


@pytest.mark.parametrize("suffix", ["gif", "apng", "webp"])
def test_a_loop_is_written_as_a_film(trained: RunDir, tmp_path: Path, suffix: str) -> None:
    """All frames of the closed walk, at the rate asked for, for ever, enlarged to be seen."""
    path = tmp_path / f"walk.{suffix}"
    options = ("--seed", 0, "--seed", 1, "--loop", "--steps", 5, "--fps", 20, "-o", path)
    assert invoke("interpolate", trained.path, *options).code == 0
    with Image.open(path) as film:
        assert getattr(film, "n_frames", 1) == 10
        film.seek(1)
        film.load()
        assert film.info["duration"] == 50
        assert film.info.get("loop") == 0
        assert film.size == (320, 320)


def test_a_film_that_is_no_loop_shows_each_point_once(trained: RunDir, tmp_path: Path) -> None:
    """Where two legs meet there is one frame."""
    path = tmp_path / "walk.gif"
    seeds = [word for seed in (1, 2, 3) for word in ("--seed", seed)]
    invoke("interpolate", trained.path, *seeds, "--steps", 4, "-o", path)
    with Image.open(path) as film:
        assert getattr(film, "n_frames", 1) == 7


def test_vectors_in_files_are_walked_through(trained: RunDir, tmp_path: Path) -> None:
    """One or several in a file, before the seeds; what is no such vector is refused."""
    z_dim = 64
    vectors = np.random.default_rng(0).standard_normal((2, z_dim))
    np.save(tmp_path / "two.npy", vectors)
    np.save(tmp_path / "one.npy", vectors[0].astype(np.float32))

    def walk(*options: object) -> bytes:
        return invoke("interpolate", trained.path, "--format", "npy", "-o", "-", *options).data

    both = np.load(io.BytesIO(walk("--from", tmp_path / "two.npy")))
    assert both.shape[0] == 10
    one = np.load(io.BytesIO(walk("--from", tmp_path / "one.npy", "--seed", 5)))
    assert_same_images(one[0], both[0])
    drawn = tmp_path / "drawn.npy"
    invoke("sample", trained.path, "--latent", tmp_path / "two.npy", "-o", drawn)
    assert_same_images(np.load(drawn), both[[0, -1]])
    invoke("sample", trained.path, "--latent", tmp_path / "two.npy", "-n", 1, "-o", drawn)
    assert_same_images(np.load(drawn), both[:1])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.zeros(63), "(63,)"),
        (np.zeros((0, 64)), "(0, 64)"),
        (np.full(64, np.nan), "not finite"),
        (np.array(["a"] * 64), "is not a .npy array of numbers"),
        (b"nothing of the kind", "or no array of numbers"),
        (b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f4' ", "or no array of numbers"),
        (None, "There is no file"),
    ],
)
def test_files_without_latents_are_refused(
    trained: RunDir, tmp_path: Path, content: bytes | np.ndarray | None, words: str
) -> None:
    """Another shape, no numbers, no array, no file: one sentence, nothing is unpickled."""
    path = tmp_path / "file.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content)
    outcome = invoke("interpolate", trained.path, "--from", path)
    assert outcome.code in {ExitCode.USAGE, ExitCode.DATA}
    assert words in outcome.said


def test_a_pickle_is_not_opened(trained: RunDir, tmp_path: Path) -> None:
    """An array of objects would have to be unpickled."""
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    outcome = invoke("sample", trained.path, "--latent", tmp_path / "objects.npy")
    assert outcome.code == ExitCode.DATA


def test_walks_that_cannot_be_are_refused(trained: RunDir) -> None:
    """A single point, a loop without a terminal, and more images than anybody looks at."""
    for options, words in (
        (("--seed", 1), "needs two points"),
        (("--loop",), "plays in a terminal"),
        (("--loop", "--steps", 1000, *(["--seed", 1] * 30), "-o", "x.gif"), "lower --steps"),
    ):
        outcome = invoke("interpolate", trained.path, *options)
        assert outcome.code == ExitCode.USAGE
        assert words in outcome.said
        assert outcome.data == b""


def test_the_laboratory_draws_its_walk_over_the_points(tmp_path: Path) -> None:
    """A scatter as a picture, the points themselves as an array, and no film."""
    ring = untrained(tmp_path, "ring")
    assert invoke("interpolate", ring, "-o", tmp_path / "walk.png").code == 0
    assert len(load_sheet(tmp_path / "walk.png")) == 1
    invoke("interpolate", ring, "--steps", 30, "-o", tmp_path / "walk.npy")
    points = np.load(tmp_path / "walk.npy")
    assert (points.shape, points.dtype) == ((30, 2), np.float32)
    outcome = invoke("interpolate", ring, "--loop", "-o", tmp_path / "walk.gif")
    assert outcome.code == ExitCode.USAGE
    assert "makes points of the plane" in outcome.said


@pytest.mark.parametrize("key", [pytest.param("\x03", marks=pytest.mark.slow), "q"])
def test_a_film_plays_until_it_is_ended(trained: RunDir, key: str) -> None:
    """Frames follow one another in place; ended by a key, the terminal is as it was before."""
    session = ForkedSession(
        ["interpolate", str(trained.path), "--loop", "--fps", "50"], columns=60, rows=24
    )
    session.wait_for("ends the film")
    begin = len(session.output)
    # A cursor that goes up begins the next frame.
    session.wait_until(lambda: len(re.findall(rb"\x1b\[\d+A", session.output)) > 2, "frames")
    assert b"\x1b[?25l" in session.output
    session.type(key)
    assert session.wait() == 0
    assert session.output.rfind(b"\x1b[?25h") > begin
    assert session.output.count(b"\x1b[?25l") == session.output.count(b"\x1b[?25h")
    assert termios.tcgetattr(session.slave) == session.before
    heights = {int(rows) for rows in re.findall(rb"\x1b\[(\d+)A", session.output)}
    assert len(heights) == 1
    assert heights.pop() <= 22


def test_a_film_that_is_terminated_gives_the_cursor_back(trained: RunDir) -> None:
    """SIGTERM ends it with its exit code."""
    session = ForkedSession(["interpolate", str(trained.path), "--loop"], columns=60, rows=24)
    session.wait_for("ends the film")
    session.wait_until(lambda: b"\x1b[?25l" in session.output, "a hidden cursor")
    session.process.terminate()
    assert session.wait() == ExitCode.SIGTERM
    assert session.output.rstrip().endswith(b"\x1b[?25h")


def test_a_style_generator_is_walked_straight_through_its_styles(tmp_path: Path) -> None:
    """Unless the sphere of latents is asked for; the ends are the same, what is between is not."""
    path = untrained(tmp_path, "stylegan-8x8")
    walks = []
    for options in ((), ("--linear",), ("--spherical",)):
        outcome = invoke("interpolate", path, "--steps", 5, *options, "-o", tmp_path / "walk.npy")
        assert outcome.code == 0, outcome.said
        walks.append(np.load(tmp_path / "walk.npy").astype(int))
    usual, straight, arc = walks
    assert np.array_equal(usual, straight)
    assert np.abs(usual[[0, -1]] - arc[[0, -1]]).max() <= 1
    assert not np.array_equal(usual[2], arc[2])


def test_styles_in_a_file_are_points_too(tmp_path: Path) -> None:
    """Of a style generator alone, and not along a sphere."""
    path, file = untrained(tmp_path, "stylegan-8x8"), tmp_path / "styles.npy"
    np.save(file, np.random.default_rng(0).standard_normal((2, 4, 32)).astype(np.float32))
    assert invoke("interpolate", path, "--from", file, "-o", tmp_path / "a.npy").code == 0
    assert invoke("sample", path, "--latent", file, "-o", tmp_path / "b.npy").code == 0
    ends, images = np.load(tmp_path / "a.npy")[[0, -1]], np.load(tmp_path / "b.npy")
    assert np.abs(ends.astype(int) - images).max() <= 1
    outcome = invoke("interpolate", path, "--from", file, "--spherical")
    assert outcome.code == ExitCode.USAGE
    assert "no sphere" in outcome.said
