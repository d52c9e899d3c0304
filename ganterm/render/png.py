"""PNG files written, and PNG and other image files read."""

import struct
import zlib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ganterm.errors import DataError
from ganterm.render.raster import Raster
from ganterm.render.text import safe_text

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 50_000_000
"""Images with more pixels are refused before they are unpacked: few bytes can claim gigabytes."""

# Readers that start other programs (EPS) or serve no image of this field are left out.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
_MAX_TEXT = 1 << 20
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode_png(raster: Raster, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return the raster as the bytes of a PNG file, the same for the same pixels everywhere.

    `metadata` is stored as iTXt chunks; its keys are Latin-1 of 1 to 79 bytes (PNG 1.2, 4.2.3).
    Raises ValueError for an empty raster or a key PNG does not allow.
    """
    if not raster.pixels:
        raise ValueError("a PNG has at least one pixel")
    colour_type = 0 if raster.channels == 1 else 2
    header = struct.pack(">IIBBBBB", raster.width, raster.height, 8, colour_type, 0, 0, 0)
    parts = [_SIGNATURE, _chunk(b"IHDR", header)]
    for key, value in (metadata or {}).items():
        keyword = key.encode("latin-1")
        if not 1 <= len(keyword) <= 79 or b"\0" in keyword:
            raise ValueError(f"{key!r} is no PNG keyword")
        text = value.replace("\0", "").encode("utf-8", "replace")
        parts.append(_chunk(b"iTXt", keyword + b"\0\0\0\0\0" + text))
    lines = b"".join(b"\0" + row for row in raster.rows())
    parts += [_chunk(b"IDAT", zlib.compress(lines, 9)), _chunk(b"IEND", b"")]
    return b"".join(parts)


def save_png(
    raster: Raster,
    target: str | PathLike[str] | BinaryIO,
    *,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write the raster as PNG to a path or an open binary file; see `encode_png`.

    Raises OSError if it cannot be written.
    """
    encoded = encode_png(raster, metadata)
    if isinstance(target, (str, PathLike)):
        Path(target).write_bytes(encoded)
    else:
        target.write(encoded)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def load_texts(path: str | PathLike[str]) -> dict[str, str]:
    """Return the texts stored in a PNG file's tEXt and iTXt chunks, by keyword.

    Compressed and very long ones are left out. A file that cannot be read, is damaged or no PNG
    gives those found before the damage. They are foreign strings: see `safe_text`.
    """
    texts: dict[str, str] = {}
    try:
        with Path(path).open("rb") as file:
            if file.read(len(_SIGNATURE)) != _SIGNATURE:
                return {}
            while len(head := file.read(8)) == 8:
                size, kind = struct.unpack(">I4s", head)
                if kind not in {b"tEXt", b"iTXt"} or size > _MAX_TEXT:
                    file.seek(size + 4, 1)
                    continue
                data = file.read(size)
                if file.read(4) != struct.pack(">I", zlib.crc32(kind + data)):
                    break
                keyword, _, text = data.partition(b"\0")
                if kind == b"tEXt":
                    texts[keyword.decode("latin-1")] = text.decode("latin-1")
                elif text[:1] == b"\0":  # not compressed; method, language and translation follow
                    value = text[2:].split(b"\0", 2)[-1]
                    texts[keyword.decode("latin-1")] = value.decode("utf-8", "replace")
    except OSError:
        pass
    return texts


def load_image(path: str | PathLike[str]) -> Raster:
    """Read an image file (PNG, JPEG, GIF, BMP, WebP, TIFF, PNM), of several frames the first.

    Transparency is laid over black, 16 bits become 8, the orientation a camera noted is applied,
    and RGB without colour becomes grey. Raises DataError, naming the file, if it cannot be read,
    is no such image, is damaged, or claims more than `MAX_PIXELS`.
    """
    import warnings  # noqa: PLC0415

    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    name = safe_text(str(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's words on odd files; ours follow
            with Image.open(path, formats=_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise DataError(
                        f"{name} claims {image.width}x{image.height} pixels; reduce it to at most "
                        f"{MAX_PIXELS // 1_000_000} million."
                    )
                return _to_raster(image)
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(
            f"{name} claims too many pixels; reduce it to at most "
            f"{MAX_PIXELS // 1_000_000} million."
        ) from None
    except UnidentifiedImageError:
        raise DataError(
            f"{name} is no image that can be read; give a PNG, JPEG, GIF, BMP, WebP, TIFF or PNM."
        ) from None
    except OSError as error:
        reason = error.strerror or safe_text(str(error))
        raise DataError(f"{name} cannot be read ({reason}); check or replace the file.") from None
    except Exception as error:  # noqa: BLE001 - damaged files raise nearly anything inside decoders
        reason = safe_text(f"{type(error).__name__}: {error}")[:120]
        raise DataError(f"{name} is a damaged image ({reason}); replace the file.") from None


def _to_raster(image: "Image.Image") -> Raster:
    from PIL import Image, ImageOps  # noqa: PLC0415

    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(("I", "F")):
        upright = _to_eight_bits(upright)
    elif upright.has_transparency_data:
        layered = upright.convert("RGBA")
        upright = Image.new("RGB", layered.size)
        upright.paste(layered, mask=layered.getchannel("A"))
    elif upright.mode not in {"L", "RGB"}:
        upright = upright.convert("L" if upright.mode == "1" else "RGB")
    channels = 1 if upright.mode == "L" else 3
    return Raster(*upright.size, channels, upright.tobytes()).without_false_colour()


def _to_eight_bits(image: "Image.Image") -> "Image.Image":
    """Convert 16-bit, 32-bit and floating-point greys to 8 bits, the range told by the values."""
    from PIL import Image  # noqa: PLC0415

    wide = image.convert("F") if image.mode == "F" else image.convert("I").convert("F")
    high = 65535.0 if image.mode.startswith("I;16") else float(wide.getextrema()[1])  # type: ignore[arg-type]
    limit = next((limit for limit in (1.0, 255.0, 65535.0) if high <= limit), high)
    if image.mode != "F" and limit == 1.0:
        limit = 255.0
    table = wide.point(lambda value: value * (255.0 / limit) + 0)
    return table.convert("L", dither=Image.Dither.NONE)
