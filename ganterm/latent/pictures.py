"""How samples are shown: images as they are, points all in one scatter over real ones."""

from __future__ import annotations

import torch

from ganterm.config import RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.data import load
from ganterm.render.scatter import scatter

POINTS = 512
"""Points of each kind in a scatter."""


def points_beside(config: RunConfig) -> torch.Tensor | None:
    """Return real points (N, D) to show generated ones over; None where the data are images."""
    if not config.data_spec.is_points:
        return None
    return load(config.dataset, split=config.split).images[:POINTS].flatten(1)


def pictures_of(
    samples: torch.Tensor, data: DataSpec, beside: torch.Tensor | None = None
) -> torch.Tensor:
    """Return what `generate` gives as uint8 pictures (M, C, H, W) on the CPU.

    An image is its own picture; points (N, D) are drawn into one, over the real ones `beside`
    (N, D). Of more than two coordinates the first two are drawn.
    """
    if not data.is_points:
        return samples
    real = [] if beside is None else beside[:, :2].tolist()
    drawn = scatter(real, samples[:, :2].tolist())
    pixels = torch.frombuffer(bytearray(drawn.pixels), dtype=torch.uint8)
    return pixels.reshape(1, drawn.height, drawn.width, 3).permute(0, 3, 1, 2).contiguous()
