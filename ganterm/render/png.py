"""PNG files written, and PNG and other image files read."""

import struct
import zlib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from ganterm.errors import DataError
from ganterm.render.imagefile import Levels, UnreadableImageError, opened, upright
from ganterm.render.raster import Raster
from ganterm.render.text import safe_text

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


def load_image(path: str | PathLike[str], among: Mapping[bool, Levels] | None = None) -> Raster:
    """Read an image file as `render.imagefile.upright` does, of several frames the first.

    RGB without colour becomes grey; `among` holds the levels of those it is shown with. Raises
    DataError, naming the file, if it cannot be read, is no image, is damaged, or claims more than
    `MAX_PIXELS`.
    """
    try:
        with opened(Path(path)) as image:
            shown = upright(image, among)
            channels = 1 if shown.mode == "L" else 3
            return Raster(*shown.size, channels, shown.tobytes()).without_false_colour()
    except UnreadableImageError as error:
        raise DataError(
            f"{safe_text(str(path))} cannot be read as an image ({safe_text(str(error))[:120]}); "
            "give a PNG, JPEG, GIF, BMP, WebP, AVIF, JPEG 2000, TGA, TIFF or PNM."
        ) from None
