"""Holds decoding of single image files: every mode, every proportion, every kind of damage."""

import io
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganterm.components.datasets import Fit
from ganterm.data.folder import decode_image
from ganterm.data.look import image_shape
from ganterm.render.imagefile import UnreadableImageError
from tests.data.files import bomb_png


def decode(
    path: Path, size: int = 8, channels: int | None = 1, fit: Fit = "auto"
) -> NDArray[np.uint8]:
    return decode_image(path, image_size=size, channels=channels, fit=fit)


@pytest.mark.parametrize(
    ("mode", "colour", "grey", "channels"),
    [
        ("L", 200, 200, 1),
        ("1", 1, 255, 1),
        ("I;16", 51_300, 200, 1),
        ("LA", (200, 255), 200, 1),
        ("LA", (200, 0), 0, 1),
        ("RGB", (255, 0, 0), 76, 3),
        ("RGBA", (255, 255, 255, 255), 255, 3),
        ("RGBA", (255, 255, 255, 0), 0, 3),
        ("P", 0, 0, 3),
    ],
)
def test_every_mode_becomes_eight_bits(
    tmp_path: Path, mode: str, colour: int | tuple[int, ...], grey: int, channels: int
) -> None:
    path = tmp_path / "image.png"
    Image.new(mode, (8, 8), colour).save(path)
    assert image_shape(path) == (channels, 8, 8)
    assert np.unique(decode(path)).tolist() == [grey]
    assert decode(path, channels=None).shape == (channels, 8, 8)
    assert decode(path, channels=3).shape == (3, 8, 8)


def test_colours_land_in_their_channels(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.new("RGB", (8, 8), (1, 2, 3)).save(path)
    assert decode(path, channels=3)[:, 0, 0].tolist() == [1, 2, 3]


def test_an_image_of_the_right_size_is_untouched(tmp_path: Path) -> None:
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    path = tmp_path / "image.png"
    Image.fromarray(pixels).save(path)
    assert np.array_equal(decode(path)[0], pixels)


def test_room_around_the_image_takes_the_colour_of_its_border(tmp_path: Path) -> None:
    image = Image.new("L", (16, 8), 250)
    image.paste(10, (4, 2, 12, 6))
    image.save(tmp_path / "image.png")
    wide = decode(tmp_path / "image.png", size=16)
    assert np.unique(wide[0, :4]).tolist() == [250]
    assert np.unique(wide[0, 12:]).tolist() == [250]
    assert wide[0, 8, 8] == 10


def test_rotation_tags_are_obeyed(tmp_path: Path) -> None:
    image = Image.new("L", (8, 8))
    image.paste(255, (0, 0, 8, 2))
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned to the left: show it turned by 90 degrees to the right
    image.save(tmp_path / "image.png", exif=exif)
    turned = decode(tmp_path / "image.png")[0]
    assert turned[:, 6:].min() == 255
    assert turned[:, :6].max() == 0


@pytest.mark.parametrize("fit", ["auto", "resize", "pad", "crop"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (7, 9), (64, 64)])
def test_every_proportion_fits(tmp_path: Path, shape: tuple[int, int], fit: Fit) -> None:
    path = tmp_path / "image.png"
    Image.new("L", shape, 99).save(path)
    assert np.unique(decode(path, size=28, fit=fit)).tolist() == [99]


def test_the_first_frame_of_an_animation_counts(tmp_path: Path) -> None:
    frames = [Image.new("L", (8, 8), level) for level in (50, 150)]
    frames[0].save(tmp_path / "image.gif", save_all=True, append_images=frames[1:])
    assert np.unique(decode(tmp_path / "image.gif")).tolist() == [50]


@pytest.mark.parametrize("side", [8_000, 50_000, 2**31 - 1])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb_png(side, side))
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableImageError):
            decode(path)
        with pytest.raises(UnreadableImageError):
            image_shape(path)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_text_that_unpacks_to_megabytes_is_refused_or_ignored(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("bomb", "x" * (100 << 20), zip=True)
    path = tmp_path / "image.png"
    Image.new("L", (8, 8)).save(path, pnginfo=info)
    with pytest.raises(UnreadableImageError):
        decode(path)


def test_other_formats_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n")
    with pytest.raises(UnreadableImageError, match="not an image"):
        decode(path)


def test_pipes_and_missing_files_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UnreadableImageError, match="not a regular file"):
        decode(tmp_path / "pipe.png")
    with pytest.raises(UnreadableImageError, match="no such file"):
        decode(tmp_path / "absent.png")


def encoded(kind: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


SAMPLES = {kind: encoded(kind) for kind in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "PPM")}


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_damaged_files_decode_or_are_refused_in_one_line(
    tmp_path: Path, data: st.DataObject
) -> None:
    broken = bytearray(SAMPLES[data.draw(st.sampled_from(sorted(SAMPLES)))])
    for _ in range(data.draw(st.integers(0, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "image"
    path.write_bytes(broken[: data.draw(st.integers(0, len(broken)))])
    try:
        pixels = decode(path)
    except UnreadableImageError as error:
        why = str(error)
    else:
        why = ""
        assert pixels.shape == (1, 8, 8)
    assert "\n" not in why
