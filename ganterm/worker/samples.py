"""The sample grids: what the run's fixed latent vectors look like at a step, and real images."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ganterm.latent.sample import generate
from ganterm.render.raster import Raster, from_nchw
from ganterm.render.sheet import save_sheet
from ganterm.runs.durable import write_atomically

PREVIEW = 16
"""Images of the preview inside a checkpoint."""


def rasters_of(images: torch.Tensor) -> list[Raster]:
    """Return uint8 images (N, C, H, W) as rasters."""
    return from_nchw(images.contiguous().numpy().tobytes(), images.shape)


def write_grid(path: Path, generator: nn.Module, latents: torch.Tensor, columns: int) -> None:
    """Draw the images of `latents` (N, z_dim) into the PNG at `path`, in rows of `columns`.

    Raises `OSError` when it cannot be written.
    """
    rasters = rasters_of(generate(generator, latents))
    write_atomically(path, lambda temp: save_sheet(rasters, columns, temp), sync=False)


def write_real(path: Path, images: torch.Tensor, columns: int) -> None:
    """Draw as many real images as the sample grid has into the PNG at `path`, unless it is there.

    `images` are uint8 (N, C, H, W); columns x columns of them are taken, evenly spread, so that
    of a set in the order of its classes none is missing. Raises `OSError` when it cannot be
    written.
    """
    if path.exists():
        return
    count = min(columns**2, len(images))
    where = torch.arange(count) * len(images) // count
    rasters = rasters_of(images[where.to(images.device)].cpu())
    write_atomically(path, lambda temp: save_sheet(rasters, columns, temp), sync=False)
