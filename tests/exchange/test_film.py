"""A film shows a run's sample grids in the order of their steps, and says what it leaves out."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from ganterm.core.errors import DataError
from ganterm.exchange import film as filming
from ganterm.exchange.film import HEIGHT, encode_film, film_of
from ganterm.render.animation import READABLE
from ganterm.render.png import save_png
from ganterm.render.raster import Raster
from ganterm.runs.layout import RunDir, create_run


def flat(side: int, value: int, channels: int = 1) -> Raster:
    return Raster(side, side, channels, bytes([value]) * (side * side * channels))


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    made = create_run(tmp_path, "filmed", "dcgan")
    for step, value in ((0, 10), (500, 90), (10_000, 250)):
        save_png(flat(40, value), made.sample_path(step))
    return made


def test_grids_become_frames_in_the_order_of_their_steps(run: RunDir) -> None:
    """Enlarged by whole pixels, and nothing is drawn over them."""
    film = film_of(run, scale=3, captions=False)
    assert film.steps == [0, 500, 10_000]
    assert film.frames == [flat(120, value) for value in (10, 90, 250)]
    assert film.notes == ()


def test_captions_stand_below_the_picture(run: RunDir) -> None:
    """A caption adds rows, differs from step to step, and leaves the picture alone."""
    film = film_of(run, scale=2)
    strips = [frame.crop(0, 80, 80, HEIGHT) for frame in film.frames]
    assert all(frame.height == 80 + HEIGHT for frame in film.frames)
    assert [frame.crop(0, 0, 80, 80) for frame in film.frames] == [
        flat(80, value) for value in (10, 90, 250)
    ]
    assert len({strip.pixels for strip in strips}) == 3
    assert all(max(strip.pixels) > 100 for strip in strips)


def test_small_grids_are_enlarged_to_be_seen(run: RunDir) -> None:
    """By default pixels grow as far as the width stays within what is READABLE."""
    assert film_of(run, captions=False).frames[0].width == READABLE // 40 * 40


@pytest.mark.parametrize("kind", [".gif", ".apng", ".webp"])
def test_the_last_frame_is_held(run: RunDir, kind: str) -> None:
    """Frames last as the rate says, and the last one so much longer."""
    data = encode_film(film_of(run, captions=False), kind, fps=20, hold=1.5)
    with Image.open(io.BytesIO(data)) as image:
        lengths = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            image.load()
            lengths.append(image.info["duration"])
    assert lengths == [50, 50, 1550]


def test_what_cannot_be_a_frame_is_left_out_with_a_word(run: RunDir) -> None:
    """Smaller grids of a growing network are enlarged; odd sizes and damaged files are named."""
    save_png(flat(20, 60), run.sample_path(100))
    save_png(flat(33, 60), run.sample_path(200))
    run.sample_path(300).write_bytes(b"no picture")
    film = film_of(run, scale=1, captions=False)
    assert film.steps == [0, 100, 500, 10_000]
    assert film.frames[1] == flat(40, 60)
    assert "step-00000300.png" in film.notes[0]
    assert film.notes[1].startswith("1 of the sample grids are of another size")


def test_a_long_training_is_spread_evenly(run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more grids than fit, the first, the last and those between are shown."""
    monkeypatch.setattr(filming, "MAX_FRAMES", 3)
    for step in (20_000, 30_000):
        save_png(flat(40, 1), run.sample_path(step))
    film = film_of(run)
    assert film.steps == [0, 10_000, 30_000]
    assert "3 of 5 sample grids" in film.notes[0]


def test_one_grid_is_no_film(tmp_path: Path) -> None:
    """With fewer than two grids the error says how many there are and what helps."""
    run = create_run(tmp_path, "new", "dcgan")
    with pytest.raises(DataError, match="0 sample grids"):
        film_of(run)
    save_png(flat(8, 1), run.sample_path(0))
    with pytest.raises(DataError, match=r"1 sample grids.*sample_every"):
        film_of(run)
