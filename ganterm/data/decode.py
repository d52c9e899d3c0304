"""One image file, decoded and fitted into a square, whatever it holds."""

import os
import stat
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from ganterm.data.geometry import Fit, place

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PIXELS = 50_000_000
"""A larger image is refused before it is decoded: as RGBA it would take more than 190 MiB."""

# Only plain raster formats: some of Pillow's others start helper programs.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")


class UnreadableImageError(Exception):
    """An image file that has to be skipped; the message says why, in a few words."""


def decode_image(
    path: Path, *, image_size: int, channels: int | None, fit: Fit
) -> "NDArray[np.uint8]":
    """Read the first frame of an image file into a square.

    Returns uint8 (C, image_size, image_size); `channels` None keeps the file's own, grey or
    colour. Rotation tags are obeyed, transparency is laid over black, 16-bit levels become 8-bit,
    and room around the image is filled with the median of its border. Raises
    UnreadableImageError.
    """
    with _open(path) as image:
        try:
            if image.format == "JPEG":
                # Lets the decoder shrink a photograph while it reads it.
                image.draft(None, (2 * image_size, 2 * image_size))
            return _fitted(_plain(image, channels), image_size, fit)
        except UnreadableImageError:
            raise
        except MemoryError as error:
            raise UnreadableImageError("too large for the free memory") from error
        except Exception as error:
            raise UnreadableImageError(_why(error)) from error


def image_shape(path: Path) -> tuple[int, int, int]:
    """Give channels (1 or 3), height and width of an image file from its header.

    Raises UnreadableImageError.
    """
    with _open(path) as image:
        grey = image.mode in ("1", "L", "LA", "F") or image.mode.startswith("I")
        return 1 if grey else 3, image.height, image.width


def _open(path: Path) -> Image.Image:
    try:
        # A named pipe or a device would block.
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableImageError("not a regular file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(path, formats=_FORMATS)
    except UnreadableImageError:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadableImageError("far too many pixels") from error
    except Exception as error:  # decoders raise nearly anything for damaged files
        raise UnreadableImageError(_why(error)) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise UnreadableImageError(f"{image.width:,}x{image.height:,} is far too many pixels")
    return image


def _plain(image: Image.Image, channels: int | None) -> Image.Image:
    """Make `image` mode L or RGB, upright."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "F":
        raise UnreadableImageError("floating-point pixels have no fixed range")
    if upright.mode.startswith("I"):
        levels = np.asarray(upright)
        upright = Image.fromarray((levels.clip(0, 65_535) >> 8).astype(np.uint8))
    elif upright.has_transparency_data:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, (0, 0, 0, 255)), upright)
    if channels is None:
        channels = 1 if image.mode in ("1", "L", "LA") or image.mode.startswith("I") else 3
    return upright.convert("L" if channels == 1 else "RGB")


def _fitted(image: Image.Image, size: int, fit: Fit) -> "NDArray[np.uint8]":
    where = place(image.width, image.height, size, fit)
    if (where.width, where.height) != image.size or where.box != (0, 0, *image.size):
        image = image.resize((where.width, where.height), Image.Resampling.BILINEAR, box=where.box)
    pixels = np.array(image, dtype=np.uint8)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.shape[:2] != (size, size):
        border = np.concatenate((pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))
        square = np.empty((size, size, pixels.shape[2]), dtype=np.uint8)
        square[:] = np.median(border, axis=0).astype(np.uint8)
        rows = slice(where.top, where.top + where.height)
        square[rows, where.left : where.left + where.width] = pixels
        pixels = square
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno).lower()
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "cannot identify image file" in text:
        return "not an image, or a damaged one"
    return text
