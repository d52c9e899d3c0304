"""Animations hold every frame in order at the rate asked for."""

import io
from pathlib import Path

import pytest
from PIL import Image

from ganterm.core.errors import ConfigError
from ganterm.render.animation import FORMATS, save_animation
from ganterm.render.raster import Raster

FRAMES = [Raster(4, 4, 1, bytes([value] * 8 + [0] * 8)) for value in (10, 90, 170, 250)]


@pytest.mark.parametrize("suffix", FORMATS)
def test_frames_survive(suffix: str, tmp_path: Path) -> None:
    """Grey frames come back pixel for pixel, at 10 a second and without end."""
    path = tmp_path / f"walk{suffix}"
    save_animation(FRAMES, path)
    with Image.open(path) as read:
        assert getattr(read, "n_frames", 1) == 4
        assert read.info["loop"] == 0
        for index, frame in enumerate(FRAMES):
            read.seek(index)
            assert read.convert("L").tobytes() == frame.pixels
            assert read.info["duration"] == 100


def test_colour_in_one_frame_is_kept() -> None:
    """One RGB frame makes the animation RGB; an open file is written as the kind that is named."""
    coloured = Raster(4, 4, 3, bytes([255, 0, 0] * 16))
    buffer = io.BytesIO()
    save_animation([FRAMES[0], coloured], buffer, kind=".PNG", fps=50)
    with Image.open(buffer) as read:
        read.seek(1)
        assert read.convert("RGB").tobytes() == coloured.pixels


def test_what_cannot_be_written() -> None:
    """Unknown kinds and rates are the user's mistakes, missing or unequal frames the caller's."""
    with pytest.raises(ConfigError, match=r"\.mp4 is no animation; use one of \.gif"):
        save_animation(FRAMES, Path("walk.mp4"))
    with pytest.raises(ConfigError, match="No suffix"):
        save_animation(FRAMES, io.BytesIO())
    for fps in (0, -1, 51, float("nan")):
        with pytest.raises(ConfigError, match="frames a second"):
            save_animation(FRAMES, io.BytesIO(), kind=".gif", fps=fps)
    for frames in ([], [FRAMES[0], Raster(1, 1, 1, b"0")]):
        with pytest.raises(ValueError, match="same size"):
            save_animation(frames, io.BytesIO(), kind=".gif")
