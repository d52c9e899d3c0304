"""A file the user names, opened as pictures whatever its kind; nothing is ever unpickled."""

from __future__ import annotations

import math
import os
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganterm.core.dataspec import CHANNELS
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.files import open_regular, regular_path
from ganterm.render.imagefile import MAX_PIXELS
from ganterm.render.raster import Raster
from ganterm.render.sheet import load_sheet
from ganterm.render.text import safe_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"\x93NUMPY"

MAX_HEADER = 65_536
_MAX_CONVERTED = 16_000_000
"""Values that are no bytes become floats of 8 bytes on the way; more would take much memory."""


def open_raster(path: str | PathLike[str], *, limit: int = 1024) -> list[Raster]:
    """Read an image file or a .npy array as rasters of equal size, at most `limit` of them.

    What a file is, its first bytes say, not its name. An image file gives one raster (see
    `load_image`), a sample sheet those it was made of (see `load_sheet`), an array one for each
    image in it (see `load_array`). Raises ConfigError if there is no such file, DataError if it
    cannot be read or is neither.
    """
    path = Path(path)
    name = safe_text(str(path))
    if path.is_dir():
        raise ConfigError(f"{name} is a directory; name an image or a .npy file in it.")
    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as file:
            magic = file.read(len(MAGIC))
    except FileNotFoundError:
        raise ConfigError(f"There is no file {name}; check the path.") from None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from None
    if magic == MAGIC:
        return load_array(path, limit=limit)
    return load_sheet(path, follow=True)[:limit]


def load_array(path: str | PathLike[str], *, limit: int = 1024) -> list[Raster]:
    """Read at most `limit` images from a .npy file.

    Shapes: (H, W), (H, W, C), (N, H, W), (N, C, H, W), (N, H, W, C) with C 1, 3 or 4 (alpha); an
    array of three axes is one image if its last axis is one of these. Values: uint8, bool, integers
    in 0..255, floats in [0, 1], in [-1, 1] if any is negative, or in [0, 255]. Raises DataError,
    naming the file, for anything else, a file that ends early, or one too large to show.
    """
    name = safe_text(str(path))
    array = mapped_array(path)
    try:
        return rasters_of(array, limit=limit)
    except ValueError as error:
        raise DataError(f"{name} cannot be shown: {error}.") from None


def rasters_of(array: NDArray[Any], *, limit: int = 1024) -> list[Raster]:
    """Return at most `limit` images of an array as `load_array` takes it; raises ValueError."""
    images = as_images(array)[:limit]
    wide = images.dtype.itemsize > 1
    if images.size > (_MAX_CONVERTED if wide else 4 * MAX_PIXELS):
        raise ValueError("it is too large to show; save some of its images, as uint8")
    levels = as_levels(images, value_range(images))
    _, height, width, channels = levels.shape
    return [Raster(width, height, channels, image.tobytes()) for image in levels]


def mapped_array(path: str | PathLike[str]) -> NDArray[Any]:
    """Map the array of a .npy file into memory; nothing is unpickled. Raises DataError."""
    from numpy.lib import format as npy  # noqa: PLC0415 - the app's process does without NumPy

    name = safe_text(str(path))
    try:
        # Mapped, so that a header which promises more than there is costs nothing.
        with regular_path(Path(path)) as named:
            return npy.open_memmap(named, mode="r", max_header_size=MAX_HEADER)
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from None
    except Exception:  # noqa: BLE001 - a damaged header makes NumPy raise nearly anything
        raise DataError(
            f"{name} cannot be read: it is damaged, or no array of numbers; save it as uint8 or as "
            "float32."
        ) from None


def as_images(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array as (N, H, W, C); raises ValueError where it is none of images."""
    shape = array.shape
    if array.ndim == 2:
        images = array[None, :, :, None]
    elif array.ndim == 3:
        images = array[None] if shape[2] in CHANNELS else array[..., None]
    elif array.ndim == 4 and shape[1] in CHANNELS:
        images = array.transpose(0, 2, 3, 1)
    elif array.ndim == 4 and shape[3] in CHANNELS:
        images = array
    else:
        raise ValueError(
            f"its shape {shape} is none of (H, W), (H, W, C), (N, H, W), (N, C, H, W), "
            "(N, H, W, C) with 1, 3 or 4 channels"
        )
    if not images.size:
        raise ValueError(f"its shape {shape} has no pixels")
    height, width = images.shape[1:3]
    if height * width > MAX_PIXELS:
        raise ValueError(f"its images have {height}x{width} pixels, too many to show")
    return images


def value_range(values: NDArray[Any]) -> tuple[float, float]:
    """Return the least and the greatest value; raises ValueError where they are no numbers."""
    if values.dtype.kind not in "buif":
        code = safe_text(values.dtype.str)[:40]
        raise ValueError(f"its values are {code}; save it as uint8 or as float32")
    if values.dtype.str == "|u1":
        return 0.0, 255.0
    low, high = float(values.min()), float(values.max())
    if not math.isfinite(low + high):
        raise ValueError("it holds values that are no finite numbers")
    return low, high


def as_levels(values: NDArray[Any], span: tuple[float, float]) -> NDArray[np.uint8]:
    """Return values of any kind as grey levels, as the `value_range` of all of them asks for.

    Raises ValueError for a range that is none of images.
    """
    kind = values.dtype.kind
    if values.dtype.str == "|u1":
        return values
    if kind == "b":
        return values.astype("uint8") * 255
    low, high = span
    slack = 1e-3 if kind == "f" else 0
    if kind == "f" and -1 - slack <= low and high <= 1 + slack:
        scale, offset = (127.5, 127.5) if low < -slack else (255.0, 0.0)
    elif -slack <= low and high <= 255 + slack:
        scale, offset = 1.0, 0.0
    else:
        raise ValueError(
            f"its values lie between {low:.4g} and {high:.4g}; save it as uint8 or as floats "
            "in [-1, 1] or [0, 1]"
        )
    return (values.astype("float64") * scale + (offset + 0.5)).clip(0, 255).astype("uint8")
