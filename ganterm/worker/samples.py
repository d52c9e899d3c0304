"""The sample grids: what the run's fixed latent vectors look like at a step, and real images."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ganterm.config import RunConfig
from ganterm.data.points import are_points
from ganterm.latent.points import POINTS, generate_points, scatter_of
from ganterm.latent.sample import generate
from ganterm.networks.points import PointGenerator
from ganterm.render.raster import Raster, from_nchw
from ganterm.render.scatter import scatter
from ganterm.render.sheet import save_sheet
from ganterm.runs.durable import write_atomically
from ganterm.training.seeding import fixed_latents

PREVIEW = 16
"""Images of the preview inside a checkpoint."""


def rasters_of(images: torch.Tensor) -> list[Raster]:
    """Return uint8 images (N, C, H, W) as rasters."""
    return from_nchw(images.contiguous().numpy().tobytes(), images.shape)


def latents_of(config: RunConfig) -> torch.Tensor:
    """Return a run's fixed latent vectors (N, z_dim): one an image, or enough for a scatter."""
    count = POINTS if config.trains_on_points else config.sample_grid**2
    return fixed_latents(config.seed, count, config.z_dim)


def pictures_of(
    generator: nn.Module, latents: torch.Tensor, most: int | None = None
) -> torch.Tensor:
    """Return what `latents` (N, z_dim) become as uint8 pictures (M, C, H, W) on the CPU.

    An image each, of no more than `most`; from a generator of points all in one scatter.
    """
    if isinstance(generator, PointGenerator):
        return scatter_of(generate_points(generator, latents))
    return generate(generator, latents[:most])


def write_grid(path: Path, generator: nn.Module, latents: torch.Tensor, columns: int) -> None:
    """Draw the images of `latents` (N, z_dim) into the PNG at `path`, in rows of `columns`.

    Raises `OSError` when it cannot be written.
    """
    pictures = rasters_of(pictures_of(generator, latents))
    write_atomically(path, lambda temp: save_sheet(pictures, columns, temp), sync=False)


def write_real(path: Path, images: torch.Tensor, columns: int) -> None:
    """Draw as many real images as the sample grid has into the PNG at `path`, unless it is there.

    `images` are uint8 (N, C, H, W); columns x columns of them are taken, evenly spread, so that
    of a set in the order of its classes none is missing. Raises `OSError` when it cannot be
    written.
    """
    if path.exists():
        return
    if are_points(images):
        drawn = [scatter(images[:POINTS].flatten(1).tolist(), [])]
        write_atomically(path, lambda temp: save_sheet(drawn, 1, temp), sync=False)
        return
    count = min(columns**2, len(images))
    where = torch.arange(count) * len(images) // count
    rasters = rasters_of(images[where.to(images.device)].cpu())
    write_atomically(path, lambda temp: save_sheet(rasters, columns, temp), sync=False)
