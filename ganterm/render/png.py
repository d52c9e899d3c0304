"""PNG files written, and PNG and other image files read."""

import io
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ganterm.core.errors import DataError
from ganterm.render.imagefile import Levels, UnreadableImageError, opened, upright
from ganterm.render.raster import MODES, Raster
from ganterm.render.text import safe_text

if TYPE_CHECKING:
    from PIL import Image


def encode_png(raster: Raster, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return the raster as the bytes of a PNG file.

    `metadata` is stored as iTXt chunks; its keys are Latin-1 of 1 to 79 bytes (PNG 1.2, 4.2.3).
    Raises ValueError for an empty raster or a key PNG does not allow.
    """
    from PIL import Image  # noqa: PLC0415 - the first paint does without Pillow
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415

    if not raster.pixels:
        raise ValueError("a PNG has at least one pixel")
    texts = PngInfo()
    for key, value in (metadata or {}).items():
        if not 1 <= len(key.encode("latin-1")) <= 79 or "\0" in key:
            raise ValueError(f"{key!r} is no PNG keyword")
        texts.add_itxt(key, value.replace("\0", "").encode("utf-8", "replace").decode())
    buffer = io.BytesIO()
    size = raster.width, raster.height
    image = Image.frombytes(MODES[raster.channels], size, raster.pixels)
    image.save(buffer, "PNG", pnginfo=texts)
    return buffer.getvalue()


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


def decode_image(data: bytes) -> Raster:
    """Return what the bytes of an image file show, as `load_image` does.

    Raises UnreadableImageError where they show nothing.
    """
    with opened(io.BytesIO(data)) as image:
        return _raster_of(upright(image))


def _raster_of(shown: "Image.Image") -> Raster:
    if shown.mode == "LA":
        shown = shown.convert("RGBA")
    channels = len(shown.getbands())
    return Raster(*shown.size, channels, shown.tobytes()).without_false_colour()


def load_texts(path: str | PathLike[str], *, follow: bool = True) -> dict[str, str]:
    """Return the texts stored before the pixels of a PNG file, by keyword; see `load_image`.

    A file that cannot be read, is damaged or no PNG has none, and neither have texts that Pillow
    refuses for their length. They are foreign strings: see `safe_text`.
    """
    try:
        with opened(Path(path), follow=follow) as image:
            found = image.info.items() if image.format == "PNG" else ()
            return {str(key): str(text) for key, text in found if isinstance(text, str)}
    except UnreadableImageError:
        return {}


def load_image(
    path: str | PathLike[str], among: Mapping[bool, Levels] | None = None, *, follow: bool = True
) -> Raster:
    """Read an image file as `render.imagefile.upright` does, of several frames the first.

    RGB without colour becomes grey, and RGBA that is opaque RGB; `among` holds the levels of those
    it is shown with; a link is opened only with `follow`. Raises DataError, naming the file, if it
    cannot be read, is no image, is damaged, or claims more than `MAX_PIXELS`.
    """
    try:
        with opened(Path(path), follow=follow) as image:
            return _raster_of(upright(image, among))
    except UnreadableImageError as error:
        raise DataError(
            f"{safe_text(str(path))} cannot be read as an image ({safe_text(str(error))[:120]}); "
            "give a PNG, JPEG, GIF, BMP, WebP, AVIF, JPEG 2000, TGA, TIFF or PNM."
        ) from None
