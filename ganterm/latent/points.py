"""Points from latent vectors, and the picture of them beside the data."""

from __future__ import annotations

import torch

from ganterm.data.points import load_ring
from ganterm.latent.sample import labels_in_turn
from ganterm.networks.points import PointGenerator
from ganterm.render.scatter import scatter

POINTS = 512
"""Points of each kind in a scatter."""


@torch.no_grad()
def generate_points(
    generator: PointGenerator, z: torch.Tensor, labels: torch.Tensor | None = None
) -> torch.Tensor:
    """Return points (N, 2), float32 on the CPU, for latent vectors (N, z_dim), as `generate`."""
    device = next(generator.parameters()).device
    if labels is None and generator.standing is None:
        labels = labels_in_turn(len(z), generator.classes)
    training = generator.training
    generator.eval()
    try:
        points: torch.Tensor = generator(
            z.to(device), None if labels is None else labels.to(device)
        )
    finally:
        generator.train(training)
    return points.flatten(1).float().cpu()


def scatter_of(points: torch.Tensor) -> torch.Tensor:
    """Draw generated points (N, 2) over real ones: uint8 (1, 3, H, W)."""
    real, _ = load_ring()
    drawn = scatter(real[:POINTS].flatten(1).tolist(), points.tolist())
    pixels = torch.frombuffer(bytearray(drawn.pixels), dtype=torch.uint8)
    return pixels.reshape(1, drawn.height, drawn.width, 3).permute(0, 3, 1, 2).contiguous()
