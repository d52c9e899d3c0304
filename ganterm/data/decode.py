"""One image file, decoded and fitted into a square, whatever it holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ganterm.data.geometry import Fit, place
from ganterm.render.imagefile import Levels, is_grey, levels_in, opened, upright

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GLANCE = 64
"""Side in pixels at which colour is looked for."""
_NEARLY_GREY = 8
"""Levels by which the channels of a grey picture may differ, such as after compression."""


def decode_image(
    path: Path,
    *,
    image_size: int,
    channels: int | None,
    fit: Fit,
    among: Mapping[bool, Levels] | None = None,
) -> "NDArray[np.uint8]":
    """Read the first frame of an image file into a square, as `render.imagefile.upright` shows it.

    Returns uint8 (C, image_size, image_size); `channels` None keeps the file's own, grey or
    colour. Room around the image is filled with the median of its border. Its levels of more than
    8 bits become 8 as those `among` it do. Raises UnreadableImageError.
    """
    with opened(path) as image:
        return _decoded(image, image_size, channels, fit, among)


def decode_or_measure(
    path: Path, *, image_size: int, channels: int | None, fit: Fit
) -> "NDArray[np.uint8] | Levels":
    """Do what `decode_image` does, but of an image of more than 8 bits only tell its levels."""
    with opened(path) as image:
        return levels_in(image) or _decoded(image, image_size, channels, fit, None)


def _decoded(
    image: Image.Image,
    image_size: int,
    channels: int | None,
    fit: Fit,
    among: Mapping[bool, Levels] | None,
) -> "NDArray[np.uint8]":
    if image.format == "JPEG":
        # Lets the decoder shrink a photograph while it reads it.
        image.draft(None, (2 * image_size, 2 * image_size))
    if channels is None:
        channels = 1 if is_grey(image) else 3
    shown = upright(image, among).convert("L" if channels == 1 else "RGB")
    return _fitted(shown, image_size, fit)


def image_shape(path: Path) -> tuple[int, int, int]:
    """Give channels (1 or 3), height and width of an image file from its header.

    Raises UnreadableImageError.
    """
    with opened(path) as image:
        return 1 if is_grey(image) else 3, image.height, image.width


def has_colour(path: Path) -> bool:
    """Say whether an image file shows colours, whatever its mode. Raises UnreadableImageError."""
    with opened(path) as image:
        if is_grey(image):
            return False
        if image.format == "JPEG":
            image.draft(None, (_GLANCE, _GLANCE))
        shown = upright(image).convert("RGB")
        shown.thumbnail((_GLANCE, _GLANCE))
        return bool(np.ptp(np.asarray(shown), axis=2).max() > _NEARLY_GREY)


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
