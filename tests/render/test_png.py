"""PNG files hold the very pixels, and a damaged or hostile image ends in one clear sentence."""

import contextlib
import io
import random
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganterm.core.errors import DataError
from ganterm.render.imagefile import MAX_PIXELS
from ganterm.render.png import encode_png, load_image, load_texts, save_png
from ganterm.render.raster import Raster
from tests.render.helpers import side_by_side, synthetic_digit

GREY = Raster(5, 3, 1, bytes(range(0, 150, 10)))
RGB = Raster(2, 2, 3, bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7]))


@pytest.mark.parametrize("raster", [GREY, RGB])
def test_pixels_survive(raster: Raster, tmp_path: Path) -> None:
    """What is saved is what is loaded, from a path and from an open file."""
    path = tmp_path / "picture.png"
    save_png(raster, path)
    assert load_image(path) == raster
    buffer = io.BytesIO()
    save_png(raster, buffer)
    assert buffer.getvalue() == path.read_bytes() == encode_png(raster)


def test_metadata_is_stored() -> None:
    """Metadata can be read back by another program, in any language."""
    with Image.open(
        io.BytesIO(encode_png(GREY, {"run": "dcgan-001", "note": "große Zahl"}))
    ) as read:
        assert read.info == {"run": "dcgan-001", "note": "große Zahl"}
    for raster, metadata in ((Raster(0, 0, 1, b""), {}), (GREY, {"": "x"}), (GREY, {"k" * 80: ""})):
        with pytest.raises(ValueError, match="PNG"):
            encode_png(raster, metadata)


def test_metadata_is_read_back(tmp_path: Path) -> None:
    """Texts come back from PNG files of ours and of Pillow; elsewhere there are none."""
    path = tmp_path / "texts.png"
    texts = {"run": "dcgan-001", "note": "große Zahl"}
    save_png(GREY, path, metadata=texts)
    assert load_texts(path) == texts
    stored = PngInfo()
    stored.add_text("old", "caf\xe9")
    stored.add_itxt("packed", "kept", zip=True)
    save(Image.new("L", (1, 1)), path, pnginfo=stored)
    assert load_texts(path) == {"old": "caf\xe9", "packed": "kept"}
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert load_texts(path).items() <= {"old": "caf\xe9", "packed": "kept"}.items()
    path.write_bytes(whole[:8] + b"\xff\xff\xff\xfftEXt" + whole)
    assert load_texts(path) == {}
    stored.add_itxt("bomb", "a" * (2 << 20), zip=True)
    assert load_texts(save(Image.new("L", (1, 1)), path, pnginfo=stored)) == {}
    assert load_texts(save(Image.new("L", (1, 1)), tmp_path / "no.jpg", comment="x")) == {}
    assert load_texts(tmp_path / "missing.png") == {}


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


HALF = Raster(1, 1, 4, bytes([200] * 3 + [128]))
CLEAR = Raster(2, 1, 4, bytes([255, 0, 0, 0] * 2))


def test_modes_become_grey_rgb_or_rgba(tmp_path: Path) -> None:
    """Bilevel, palette, transparent, 16-bit and colourless RGB images load as they look."""
    picture = Image.frombytes("L", (5, 3), GREY.pixels)
    cases = {
        "rgb.png": (picture.convert("RGB"), GREY),
        "palette.gif": (picture, GREY),
        "bits.png": (Image.new("1", (2, 1), 1), Raster(2, 1, 1, b"\xff\xff")),
        "clear.png": (Image.new("RGBA", (2, 1), (255, 0, 0, 0)), CLEAR),
        "half.png": (Image.new("LA", (1, 1), (200, 128)), HALF),
        "opaque.png": (Image.new("RGBA", (1, 1), (5, 5, 5, 255)), Raster(1, 1, 1, b"\5")),
        "deep.png": (
            Image.frombytes("I;16", (3, 1), struct.pack("<3H", 0, 32896, 65535)),
            Raster(3, 1, 1, bytes([0, 128, 255])),
        ),
        "float.tiff": (
            Image.frombytes("F", (3, 1), struct.pack("<3f", 0, 0.5, 1)),
            Raster(3, 1, 1, bytes([0, 128, 255])),
        ),
        "page.ppm": (Image.frombytes("RGB", (2, 2), RGB.pixels), RGB),
    }
    for name, (image, expected) in cases.items():
        assert load_image(save(image, tmp_path / name)) == expected, name


def test_first_frame_and_orientation(tmp_path: Path) -> None:
    """Of an animation the first frame is shown, and a photograph stands upright."""
    frames = [Image.new("L", (2, 2), value) for value in (10, 200)]
    path = save(frames[0], tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    assert load_image(path).pixels == bytes([10] * 4)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    path = save(Image.new("L", (4, 2)), tmp_path / "turned.jpg", exif=exif)
    assert (load_image(path).width, load_image(path).height) == (2, 4)


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(bytes(100_000), 9)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("sides", [(8000, 8000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused(sides: tuple[int, int], tmp_path: Path) -> None:
    """An image that claims more pixels than anyone can look at is refused before unpacking."""
    assert sides[0] * sides[1] > MAX_PIXELS
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(*sides))
    with pytest.raises(DataError, match=r"bomb\.png cannot be read .* too many pixels"):
        load_image(path)


def test_words_for_what_is_no_image(tmp_path: Path) -> None:
    """Text, nothing, a missing file and a file cut short are named, with what to do."""
    save_png(side_by_side(synthetic_digit(1), synthetic_digit(2)), tmp_path / "whole.png")
    cut = tmp_path / "cut\x1b[31m.png"
    cut.write_bytes((tmp_path / "whole.png").read_bytes()[:200])
    text = tmp_path / "text.png"
    text.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    (tmp_path / "empty.png").touch()
    for name, words in (
        ("text.png", "not an image, or a damaged one"),
        ("empty.png", "not an image, or a damaged one"),
        ("missing.png", "no such file"),
        (cut.name, "cut.*cannot be read as an image"),
    ):
        with pytest.raises(DataError, match=words) as caught:
            load_image(tmp_path / name)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("suffix", ["png", "gif", "jpg", "webp", "tiff", "bmp"])
def test_damage_never_escapes(suffix: str, tmp_path: Path) -> None:
    """Whatever bytes of a file change, it loads or raises DataError, nothing else."""
    rng = random.Random(3)
    path = save(Image.frombytes("RGB", (16, 16), rng.randbytes(768)), tmp_path / f"a.{suffix}")
    whole = path.read_bytes()
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 3, 30))):
            damaged[rng.randrange(min(len(damaged), 200))] = rng.randrange(256)
        path.write_bytes(damaged[: rng.choice((len(damaged), rng.randrange(len(damaged))))])
        with contextlib.suppress(DataError):
            load_image(path)
