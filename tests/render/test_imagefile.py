"""Image files of every kind people have, decoded alike for training, showing and projecting."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import Image, ImageCms, features

from ganterm.core.errors import DataError
from ganterm.data.folder import decode_image, load_folder
from ganterm.render.imagefile import (
    Levels,
    UnreadableImageError,
    file_levels,
    is_image,
    joined,
    opened,
    upright,
)
from ganterm.render.png import load_image

RED, GREY = (200, 30, 40), 130


def pixel_of(path: Path) -> tuple[int, ...]:
    """Return the colour of an image of one colour, the same to all that read it."""
    with opened(path) as image:
        channels = {"L": 1, "RGB": 3}.get(upright(image).mode, 4)
    for_training = decode_image(path, image_size=8, channels=channels, fit="auto")
    shown = load_image(path).to_rgb() if channels == 3 else load_image(path)
    in_rows = np.frombuffer(shown.pixels, np.uint8).reshape(shown.height, shown.width, channels)
    levels = in_rows[4, 4].astype(float)
    if channels == 4:
        levels[:3] *= levels[3] / 255
    assert np.abs(for_training.transpose(1, 2, 0)[4, 4] - levels).max() <= 1
    return tuple(int(level) for level in in_rows[4, 4])


def plain(mode: str, colour: int | tuple[int, ...] | float) -> Callable[[Path, str], None]:
    def write(path: Path, kind: str) -> None:
        Image.new(mode, (8, 8), colour).save(path, kind)

    return write


def png_of(depth: int, colour: int, rows: bytes) -> bytes:
    """Return a PNG of 8x8 pixels of kinds that Pillow does not write."""
    header = struct.pack(">IIBBBBB", 8, 8, depth, colour, 0, 0, 0)
    file = b"\x89PNG\r\n\x1a\n"
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        checked = name + data
        file += struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))
    return file


def four_bits(path: Path, kind: str) -> None:
    """Write a grey image of 4 bits, all of level 9 of 15."""
    path.write_bytes(png_of(4, 0, (b"\0" + b"\x99" * 4) * 8))


def clear_palette(path: Path, kind: str) -> None:
    """Write red of a palette that is half transparent."""
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, *RED])
    image.save(path, kind, transparency=bytes([255, 128]))


def lab(colour: tuple[int, ...]) -> Callable[[Path, str], None]:
    def write(path: Path, kind: str) -> None:
        into_lab = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        )
        made = ImageCms.applyTransform(Image.new("RGB", (8, 8), colour), into_lab)
        assert made is not None
        made.save(path, kind)

    return write


@pytest.mark.parametrize(
    ("name", "kind", "write", "expected"),
    [
        ("rgb.png", "PNG", plain("RGB", RED), RED),
        ("upper.PNG", "PNG", plain("L", GREY), (GREY,)),
        ("jpeg.jfif", "JPEG", plain("RGB", RED), RED),
        ("jpeg.jpe", "JPEG", plain("L", GREY), (GREY,)),
        ("photo.avif", "AVIF", plain("RGB", RED), RED),
        ("photo.jp2", "JPEG2000", plain("RGB", RED), RED),
        ("photo.webp", "WEBP", plain("RGB", RED), RED),
        ("scene.tga", "TGA", plain("RGB", RED), RED),
        ("scene.bmp", "BMP", plain("RGB", RED), RED),
        ("page.ppm", "PPM", plain("RGB", RED), RED),
        ("page.tif", "TIFF", plain("RGB", RED), RED),
        ("wrong.png", "JPEG", plain("RGB", RED), RED),
        ("wrong.txt", "PNG", plain("RGB", RED), RED),
        ("none", "WEBP", plain("RGB", RED), RED),
        ("bits.png", "PNG", plain("1", 1), (255,)),
        ("bits.tif", "TIFF", plain("1", 1), (255,)),
        ("four.png", "PNG", four_bits, (9 * 17,)),
        ("grey alpha.png", "PNG", plain("LA", (GREY, 128)), (GREY, GREY, GREY, 128)),
        ("alpha.png", "PNG", plain("RGBA", (*RED, 128)), (*RED, 128)),
        ("palette.png", "PNG", clear_palette, (*RED, 128)),
        ("ink.jpg", "JPEG", plain("CMYK", (0, 255, 255, 0)), (255, 0, 0)),
        ("ink.tif", "TIFF", plain("CMYK", (255, 0, 0, 0)), (0, 255, 255)),
        pytest.param(
            *("video.tif", "TIFF", plain("YCbCr", (76, 85, 255)), (254, 0, 0)),
            marks=pytest.mark.skipif(
                PIL.__version__ < "13", reason="Pillow 12 does not read the YCbCr TIFF it writes"
            ),
        ),
        ("lab.tif", "TIFF", lab(RED), RED),
        ("lab grey.tif", "TIFF", lab((GREY,) * 3), (GREY,) * 3),
    ],
)
def test_files_look_as_a_viewer_shows_them(
    tmp_path: Path,
    name: str,
    kind: str,
    write: Callable[[Path, str], None],
    expected: tuple[int, ...],
) -> None:
    """Content decides and not the ending; where the two disagree, and where there is none."""
    codec = {"AVIF": "avif", "WEBP": "webp", "JPEG2000": "jpg_2000"}.get(kind)
    if codec and not (codec in features.get_supported() and kind in Image.SAVE):
        pytest.skip(f"this Pillow has no {kind}")
    path = tmp_path / name
    write(path, kind)
    assert is_image(path)
    found = pixel_of(path)
    assert len(found) == len(expected)
    # Lossy formats and the arithmetic of profiles are a few levels off.
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= 5
    loaded = load_folder(tmp_path, channels=3, background="black")
    seen = expected[0] * (expected[-1] / 255 if len(expected) == 4 else 1)
    assert abs(int(loaded.images[0, 0, 4, 4]) - seen) <= 5


STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a picture is stored that a tag of each orientation stands upright."""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_orientation_stands_upright(tmp_path: Path, orientation: int, kind: str) -> None:
    picture = Image.new("L", (32, 16))
    picture.paste(250, (0, 0, 16, 8))
    method = STORED[orientation]
    stored = picture if method is None else picture.transpose(method)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "image", kind, exif=exif)
    raster = load_image(tmp_path / "image")
    assert (raster.width, raster.height) == (32, 16)
    shown = np.frombuffer(raster.pixels, np.uint8).reshape(16, 32).astype(int)
    assert np.abs(shown - np.asarray(picture)).max() < 40


@pytest.mark.parametrize(
    ("highest", "floats", "white"),
    [
        (1, False, 1),
        (9, False, 15),
        (200, False, 255),
        (4000, False, 4095),
        (65_535, False, 65_535),
        (100_000, False, 100_000),
        (0.8, True, 1),
        (200.5, True, 255),
        (70_000.0, True, 70_000),
    ],
)
def test_wide_levels_are_scaled_by_what_there_is(
    tmp_path: Path, highest: float, floats: bool, white: float
) -> None:
    """Neither black nor white: the highest of the whole folder decides, and it is said."""
    brightest, halves = np.full((8, 8), highest), np.full((8, 8), highest / 2)
    names = ("a.tif", "b.tif")
    for name, pixels in zip(names, (halves, brightest), strict=True):
        # Image by image the first would be as bright as the second.
        Image.fromarray(pixels.astype(np.float32 if floats else np.int32)).save(tmp_path / name)
    loaded = load_folder(tmp_path, channels=1)
    half = int(highest / 2) if not floats else highest / 2
    found = [int(image.float().mean()) for image in loaded.images]
    wanted = [255 * half / white, 255 * highest / white]
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 1
    told = [note for note in loaded.notes if "is white" in note]
    assert bool(told) == (white != 65_535 or floats)
    among = joined(file_levels(tmp_path / name) for name in names)
    shown = [load_image(tmp_path / name, among).pixels[0] for name in names]
    assert shown == found


@pytest.mark.parametrize(
    ("highest", "expected"), [(255, 255), (4095, 255), (65_535, 255), (51_300, 200)]
)
def test_png_of_sixteen_bits(tmp_path: Path, highest: int, expected: int) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(np.full((8, 8), highest, np.uint16)).save(path)
    assert pixel_of(path) == (expected,)


def test_negative_levels_begin_at_black(tmp_path: Path) -> None:
    Image.fromarray(np.array([[-1000, 0, 1000]], np.int32)).save(tmp_path / "scan.tif")
    assert list(load_image(tmp_path / "scan.tif").pixels) == [0, 128, 255]
    Image.fromarray(np.array([[-1, 0, 0.5]], np.float32)).save(tmp_path / "net.tif")
    assert list(load_image(tmp_path / "net.tif").pixels) == [0, 128, 191]


def sixteen_bit_colour(level: int) -> bytes:
    """Return a PNG of 16-bit RGB, all channels of one level."""
    return png_of(16, 2, (b"\0" + struct.pack(">H", level) * 24) * 8)


def test_faint_colour_of_sixteen_bits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(sixteen_bit_colour(51_300))
    assert pixel_of(path) == (200, 200, 200)
    path.write_bytes(sixteen_bit_colour(255))
    with pytest.raises(DataError, match="16-bit colour far below full range"):
        load_image(path)


def test_levels_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    pixels = np.ones((8, 8), np.float32)
    pixels[3, 3] = np.nan
    Image.fromarray(pixels).save(tmp_path / "image.tif")
    with pytest.raises(UnreadableImageError, match="no finite numbers"):
        file_levels(tmp_path / "image.tif")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_nothing_text_and_cut_files_are_skipped_counted_and_named(
    tmp_path: Path, kind: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole", kind)
    whole = (tmp_path / "whole").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "nothing.jpg").touch()
    (tmp_path / "text.gif").write_text("not a picture")
    loaded = load_folder(tmp_path)
    assert len(loaded) == 1
    (note,) = loaded.notes
    assert note.startswith("Skipped of 4 images: 3 files (cut.png (")
    assert all(name in note for name in ("nothing.jpg", "text.gif"))


def test_what_says_nothing_of_depth_says_nothing() -> None:
    assert Levels(0, 40_000).words == ""
    assert "from 0 to 4,000" in Levels(0, 4000).words
