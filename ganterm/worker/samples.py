"""The sample grids: what the run's fixed latent vectors look like at a step, and real images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ganterm.config import RunConfig
from ganterm.data.points import are_points
from ganterm.latent.points import POINTS, generate_points, scatter_of
from ganterm.latent.sample import generate, labels_in_turn
from ganterm.networks import Generator
from ganterm.networks.points import PointGenerator
from ganterm.render.raster import Raster, from_nchw
from ganterm.render.scatter import scatter
from ganterm.render.sheet import save_sheet
from ganterm.runs.durable import write_atomically
from ganterm.training.seeding import fixed_latents

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


def fixed_of(config: RunConfig, classes: Sequence[str] = ()) -> Fixed:
    """Return what a run shows; `classes` are those it is conditioned on, by name.

    One latent vector a picture, or enough of them for a scatter.
    """
    if config.trains_on_points:
        z = fixed_latents(config.seed, POINTS, config.z_dim)
        return Fixed(z, 1, labels_in_turn(POINTS, len(classes)))
    columns, rows = config.sample_grid, tuple(classes[:MOST_CLASSES])
    if not rows:
        return Fixed(fixed_latents(config.seed, columns**2, config.z_dim), columns)
    z = fixed_latents(config.seed, columns, config.z_dim).repeat(len(rows), 1)
    labels = torch.arange(len(rows)).repeat_interleave(columns)
    return Fixed(z, columns, labels, rows)


def pictures_of(generator: Generator, fixed: Fixed) -> torch.Tensor:
    """Return what `fixed` becomes as uint8 pictures (M, C, H, W) on the CPU.

    An image each; from a generator of points all in one scatter.
    """
    if isinstance(generator, PointGenerator):
        return scatter_of(generate_points(generator, fixed.z, fixed.labels))
    return generate(generator, fixed.z, fixed.labels)


def write_grid(path: Path, generator: Generator, fixed: Fixed) -> None:
    """Draw the images of `fixed` into the PNG at `path`, with a row for each class, if there are.

    Raises `OSError` when it cannot be written.
    """
    pictures = rasters_of(pictures_of(generator, fixed))
    write_atomically(
        path,
        lambda temp: save_sheet(pictures, fixed.columns, temp, rows=fixed.rows),
        sync=False,
    )


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
