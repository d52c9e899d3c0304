"""Images as a loop has them, as pictures for a sheet."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch

from ganterm.core.dataspec import CHANNELS
from ganterm.render.open import as_images, as_levels, value_range
from ganterm.render.raster import Raster

MOST: Final = 64
"""Images of a batch that are shown."""


def pictures_of(images: Any, *, signed: bool) -> tuple[list[Raster], bool]:
    """Return the first images of a batch, and whether its values lie on both sides of 0.

    What `as_images` and `as_levels` take, from any device, and (C, H, W). Floats are in [-1, 1]
    where some are negative, or were (`signed`): what a generator makes may be all bright at times.
    Raises `ValueError` for anything else.
    """
    if isinstance(images, torch.Tensor):
        images = images.detach()
        if images.ndim == 4:
            images = images[:MOST]
        images = (images.float() if images.is_floating_point() else images).cpu().numpy()
    array = np.asarray(images)
    if array.ndim == 3 and array.shape[0] in CHANNELS and array.shape[2] not in CHANNELS:
        array = array[None]
    array = as_images(array)[:MOST]
    low, high = value_range(array)
    signed = signed or (array.dtype.kind == "f" and low < 0)
    if signed and array.dtype.kind == "f":
        array, low, high = array.clip(-1, 1), -1.0, 1.0
    levels = as_levels(array, (low, high))
    _, height, width, channels = levels.shape
    return [Raster(width, height, channels, each.tobytes()) for each in levels], signed
