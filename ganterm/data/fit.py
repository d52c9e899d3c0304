"""Images of one size and number of channels, made into those of another.

Works through a dataset piece by piece, so that beyond the result itself only one piece is in
memory at a time.
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor
from torch.nn import functional

from ganterm.components.datasets import Fit
from ganterm.core.dataspec import CHANNELS, ImageSize, Size
from ganterm.core.errors import ConfigError
from ganterm.data.geometry import place
from ganterm.data.progress import ProgressCallback, silent

PIECE = 4096
"""Images that are fitted at once; their float copy at 64x64 takes 64 MiB."""

_LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue look (ITU-R BT.601), as Pillow weighs them."""


def check_shape(image_size: ImageSize | None, channels: int | None) -> None:
    """Raise ConfigError unless images of this shape can be made."""
    if image_size is not None and not all(1 <= side <= 1024 for side in Size.of(image_size)):
        raise ConfigError(f"The image size must be between 1 and 1024 pixels, not {image_size}.")
    if channels not in (None, *CHANNELS):
        raise ConfigError(f"Images have 1 channel (grey) or 3 (colour), not {channels}.")


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

    Returns uint8 (count, channels, H', W') of `image_size`, contiguous; the background is black.
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
    images = _in_channels(images, fitted.shape[1])
    where = place(images.shape[3], images.shape[2], size, fit)
    left, top, right, bottom = where.box
    images = images[:, :, top:bottom, left:right]
    if images.shape[2:] != (where.height, where.width):
        images = _resize(images, Size(where.height, where.width))
    if (where.height, where.width) != size:
        fitted.zero_()
    rows = slice(where.top, where.top + where.height)
    fitted[:, :, rows, where.left : where.left + where.width] = images


def _in_channels(images: Tensor, channels: int) -> Tensor:
    """Return (n, C, H, W) with other channels."""
    if images.shape[1] == channels:
        return images
    return _to_grey(images) if channels == 1 else images.expand(-1, 3, -1, -1)


def _to_grey(images: Tensor) -> Tensor:
    weights = torch.tensor(_LUMA).view(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True).round().to(torch.uint8)


def _resize(images: Tensor, size: Size) -> Tensor:
    # Antialiasing only matters when shrinking, where plain bilinear sampling would skip pixels.
    resized = functional.interpolate(images.float(), size=size, mode="bilinear", antialias=True)
    return resized.round_().clamp_(0, 255).to(torch.uint8)
