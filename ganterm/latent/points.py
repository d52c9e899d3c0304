"""Points from latent vectors, and the picture of them beside the data."""

from __future__ import annotations

import torch

from ganterm.data.points import load_ring
from ganterm.networks.points import PointGenerator
from ganterm.render.scatter import scatter

POINTS = 512
"""Points of each kind in a scatter."""


@torch.no_grad()
def generate_points(generator: PointGenerator, z: torch.Tensor) -> torch.Tensor:
    """Return points (N, 2), float32 on the CPU, for latent vectors (N, z_dim), as `generate`."""
    training = generator.training
    generator.eval()
    try:
        points: torch.Tensor = generator(z.to(next(generator.parameters()).device))
    finally:
        generator.train(training)
    return points.flatten(1).float().cpu()


def scatter_of(points: torch.Tensor) -> torch.Tensor:
    """Draw generated points (N, 2) over real ones: uint8 (1, 3, H, W)."""
    real, _ = load_ring()
    drawn = scatter(real[:POINTS].flatten(1).tolist(), points.tolist())
    pixels = torch.frombuffer(bytearray(drawn.pixels), dtype=torch.uint8)
    return pixels.reshape(1, drawn.height, drawn.width, 3).permute(0, 3, 1, 2).contiguous()
