"""The sample grids: what the run's fixed latent vectors look like at a step, and real images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ganterm.components.networks.base import Generator
from ganterm.config import RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.core.files import write_atomically
from ganterm.data.images import ImageSet
from ganterm.engine.seeding import fixed_latents
from ganterm.inference.sample import POINTS, generate, labels_in_turn, pictures_of, points_beside
from ganterm.render.raster import Raster, from_nchw
from ganterm.render.sheet import save_sheet

PREVIEW = 16
"""Images of the preview inside a checkpoint, or a few more where they are of several classes."""
MOST_CLASSES = 64
"""Classes that have a row of their own; of more, the first."""


@dataclass(frozen=True)
class Fixed:
    """What a run shows of its generator: the same latent vectors at every moment.

    Of a conditional run each class has a row, made of the same latent vectors as every other, so
    that a column has one style and all classes.
    """

    z: torch.Tensor
    """Latent vectors (N, z_dim)."""
    columns: int
    """Pictures in a row of the grid."""
    labels: torch.Tensor | None = None
    """Their classes (N,), where the run is conditional."""
    rows: tuple[str, ...] = ()
    """What the class of each row is called."""
    beside: torch.Tensor | None = None
    """Real points (N, D) that generated ones are drawn over; None of images."""

    def preview(self) -> Fixed:
        """Return the few that a checkpoint carries: the first, or the first of each row."""
        if self.labels is None:
            return replace(self, z=self.z[:PREVIEW])
        if not self.rows:
            return replace(self, z=self.z[:PREVIEW], labels=self.labels[:PREVIEW])
        few = min(self.columns, -(-PREVIEW // len(self.rows)))
        chosen = torch.arange(len(self.z)).reshape(-1, self.columns)[:, :few].flatten()
        return replace(self, z=self.z[chosen], labels=self.labels[chosen], columns=few)


def rasters_of(images: torch.Tensor) -> list[Raster]:
    """Return uint8 images (N, C, H, W) as rasters."""
    return from_nchw(images.contiguous().numpy().tobytes(), images.shape)


def fixed_of(config: RunConfig, data: DataSpec) -> Fixed:
    """Return what a run shows; `data` has the classes that it is conditioned on.

    One latent vector a picture, or enough of them for a scatter.
    """
    if data.is_points:
        z = fixed_latents(config.seed, POINTS, config.z_dim)
        labels = labels_in_turn(POINTS, len(data.classes))
        return Fixed(z, 1, labels, beside=points_beside(config))
    columns, rows = config.sample_grid, data.classes[:MOST_CLASSES]
    if not rows:
        return Fixed(fixed_latents(config.seed, columns**2, config.z_dim), columns)
    z = fixed_latents(config.seed, columns, config.z_dim).repeat(len(rows), 1)
    labels = torch.arange(len(rows)).repeat_interleave(columns)
    return Fixed(z, columns, labels, rows)


def fixed_pictures(generator: Generator, fixed: Fixed) -> torch.Tensor:
    """Return what `fixed` becomes as uint8 pictures (M, C, H, W) on the CPU."""
    samples = generate(generator, fixed.z, fixed.labels)
    return pictures_of(samples, generator.data, fixed.beside)


def write_grid(path: Path, generator: Generator, fixed: Fixed) -> None:
    """Draw the images of `fixed` into the PNG at `path`, with a row for each class, if there are.

    Raises `OSError` when it cannot be written.
    """
    pictures = rasters_of(fixed_pictures(generator, fixed))
    write_atomically(
        path,
        lambda temp: save_sheet(pictures, fixed.columns, temp, rows=fixed.rows),
        sync=False,
    )


def write_real(path: Path, real: ImageSet, columns: int) -> None:
    """Draw as many real images as the sample grid has into the PNG at `path`, unless it is there.

    Of images columns x columns are taken, evenly spread, so that of a set in the order of its
    classes none is missing; points are all in one picture. Raises `OSError` when it cannot be
    written.
    """
    if path.exists():
        return
    images, data = real.images, real.spec
    if data.is_points:
        nothing = torch.empty(0, *data.shape)
        pictures, columns = pictures_of(nothing, data, images[:POINTS].flatten(1)), 1
    else:
        count = min(columns**2, len(images))
        where = torch.arange(count) * len(images) // count
        pictures = images[where.to(images.device)].cpu()
    rasters = rasters_of(pictures)
    write_atomically(path, lambda temp: save_sheet(rasters, columns, temp), sync=False)
