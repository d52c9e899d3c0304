"""The sample grid: what the run's fixed latent vectors look like at a step."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ganterm.latent.sample import generate
from ganterm.render.png import save_png
from ganterm.render.raster import Raster, from_nchw, grid
from ganterm.runs.durable import write_atomically

PADDING = 2
"""Pixels between the images of a grid."""
PREVIEW = 16
"""Images of the preview inside a checkpoint."""


def rasters_of(images: torch.Tensor) -> list[Raster]:
    """Return uint8 images (N, C, H, W) as rasters."""
    return from_nchw(images.contiguous().numpy().tobytes(), images.shape)


def write_grid(path: Path, generator: nn.Module, latents: torch.Tensor, columns: int) -> None:
    """Draw the images of `latents` (N, z_dim) into the PNG at `path`, in rows of `columns`.

    The file says how it is laid out, so that a viewer can take the images out again.
    Raises `OSError` when it cannot be written.
    """
    rasters = rasters_of(generate(generator, latents))
    first = rasters[0]
    layout = {
        "image_width": first.width,
        "image_height": first.height,
        "columns": columns,
        "count": len(rasters),
        "padding": PADDING,
    }
    metadata = {f"ganterm:{key}": str(value) for key, value in layout.items()}
    picture = grid(rasters, columns, padding=PADDING)
    write_atomically(path, lambda temp: save_png(picture, temp, metadata=metadata), sync=False)
