"""Images of one size and number of channels, made into those of another.

Works through a dataset piece by piece, so that beyond the result itself only one piece is in
memory at a time.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ganterm.components.datasets import BLACK, Colour, Fit
from ganterm.core.dataspec import CHANNELS, ImageSize, Size
from ganterm.core.errors import ConfigError
from ganterm.data.geometry import place
from ganterm.data.progress import ProgressCallback, silent
from ganterm.render.imagefile import laid_over

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIECE = 4096
"""Images that are fitted at once; their float copy at 64x64 takes 64 MiB."""

_LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue look (ITU-R BT.601), as Pillow weighs them."""


def check_shape(image_size: ImageSize | None, channels: int | None) -> None:
    """Raise ConfigError unless images of this shape can be made."""
    if image_size is not None and not all(1 <= side <= 1024 for side in Size.of(image_size)):
        raise ConfigError(f"The image size must be between 1 and 1024 pixels, not {image_size}.")
    if channels not in (None, *CHANNELS):
        raise ConfigError(
            f"Images have 1 channel (grey), 3 (colour) or 4 (with transparency), not {channels}."
        )


def fitted(
    picture: Image.Image, size: Size, channels: int, *, fit: Fit, background: Colour = BLACK
) -> "NDArray[np.uint8]":
    """Return a picture of mode L, LA, RGB or RGBA as uint8 (C, H, W), C being `channels`.

    With four channels its colours are multiplied by its alpha, with fewer what is transparent lies
    over `background`. Room around it has the median of its border.
    """
    drawn = zlib.crc32(picture.tobytes()) if fit == "random-crop" else 0
    where = place(picture.width, picture.height, size, fit, drawn)
    if channels == 4:
        # The mode of multiplied colours, so that what cannot be seen has no part in an average.
        picture = picture.convert("RGBA").convert("RGBa")
    else:
        picture = laid_over(picture, background).convert("L" if channels == 1 else "RGB")
    if (where.width, where.height) != picture.size or where.box != (0, 0, *picture.size):
        frame = where.width, where.height
        picture = picture.resize(frame, Image.Resampling.BILINEAR, box=where.box)
    pixels = np.array(picture, dtype=np.uint8)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.shape[:2] != size:
        border = np.concatenate((pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))
        framed = np.empty((*size, channels), dtype=np.uint8)
        framed[:] = np.median(border, axis=0).astype(np.uint8)
        rows = slice(where.top, where.top + where.height)
        framed[rows, where.left : where.left + where.width] = pixels
        pixels = framed
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def premultiplied(images: Tensor) -> Tensor:
    """Return uint8 images (N, 4, H, W) with their colours multiplied by alpha; others unchanged."""
    if images.shape[1] != 4:
        return images
    found = torch.empty_like(images)
    for into, piece in zip(in_pieces(found), in_pieces(images), strict=True):
        alpha = piece[:, 3:].to(torch.int32)
        into[:, :3] = (piece[:, :3] * alpha + 127).div(255, rounding_mode="floor").to(torch.uint8)
        into[:, 3:] = piece[:, 3:]
    return found


def in_pieces(images: Tensor) -> Iterator[Tensor]:
    """Yield (N, ...) in views of at most `PIECE` items."""
    for start in range(0, len(images), PIECE):
        yield images[start : start + PIECE]


def fit_images(
    pieces: Iterable[Tensor],
    count: int,
    *,
    image_size: ImageSize,
    channels: int,
    fit: Fit = "auto",
    progress: ProgressCallback = silent,
) -> Tensor:
    """Fit `count` images, given in pieces of uint8 (n, C, H, W), into one tensor.

    Returns uint8 (count, channels, H', W') of `image_size`, contiguous; the background is black,
    and what had no alpha is opaque.
    """
    fitted = torch.empty((count, channels, *Size.of(image_size)), dtype=torch.uint8)
    done = 0
    for piece in pieces:
        _fit_into(fitted[done : done + len(piece)], piece, fit)
        done += len(piece)
        progress("fitting images", done, count, "images")
    return fitted


def _fit_into(fitted: Tensor, images: Tensor, fit: Fit) -> None:
    """Fill (n, C', H', W') from (n, C, H, W)."""
    size = Size(*fitted.shape[2:])
    if fit == "random-crop" and len(images) > 1:
        for index in range(len(images)):
            _fit_into(fitted[index : index + 1], images[index : index + 1], fit)
        return
    drawn = zlib.crc32(images.contiguous().numpy().data) if fit == "random-crop" else 0
    images = _in_channels(images, fitted.shape[1])
    where = place(images.shape[3], images.shape[2], size, fit, drawn)
    left, top, right, bottom = where.box
    images = images[:, :, top:bottom, left:right]
    if images.shape[2:] != (where.height, where.width):
        images = _resize(images, Size(where.height, where.width))
    if (where.height, where.width) != size:
        fitted.zero_()
    rows = slice(where.top, where.top + where.height)
    fitted[:, :, rows, where.left : where.left + where.width] = images


def _in_channels(images: Tensor, channels: int) -> Tensor:
    """Return (n, C, H, W) with other channels; what is transparent lies over black."""
    if images.shape[1] == channels:
        return images
    colours = images[:, :3]
    if channels == 1:
        return _to_grey(colours)
    colours = colours.expand(-1, 3, -1, -1)
    opaque = torch.full_like(images[:, :1], 255)
    return colours if channels == 3 else torch.cat([colours, opaque], dim=1)


def _to_grey(images: Tensor) -> Tensor:
    weights = torch.tensor(_LUMA).view(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True).round().to(torch.uint8)


def _resize(images: Tensor, size: Size) -> Tensor:
    # Antialiasing only matters when shrinking, where plain bilinear sampling would skip pixels.
    resized = functional.interpolate(images.float(), size=size, mode="bilinear", antialias=True)
    return resized.round_().clamp_(0, 255).to(torch.uint8)
