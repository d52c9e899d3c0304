"""The ring: eight Gaussians in the plane, the classic data on which to watch a GAN lose modes.

The mixture of Gaussians of Metz et al. 2017 (arXiv:1611.02163) and Srivastava et al. 2017, with
the centres of system 10. Its points take the place of images: float32 (N, 2, 1, 1), unscaled.
"""

from __future__ import annotations

import torch

from ganterm.data.catalogue import RING_CENTRES, RING_COUNT

SIGMA = 0.1
"""Standard deviation of each Gaussian along both axes."""
CENTRES = RING_CENTRES
"""Where the Gaussians lie, in the order of the labels."""


def load_ring() -> tuple[torch.Tensor, torch.Tensor]:
    """Return the points, float32 (N, 2, 1, 1), always the same, and their labels int64 (N,)."""
    return draw_ring(RING_COUNT, seed=8)


def draw_ring(count: int, *, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw `count` points of the mixture, float32 (N, 2, 1, 1), with labels int64 (N,)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % len(CENTRES)
    noise = torch.randn(count, 2, generator=generator)
    points = torch.tensor(CENTRES, dtype=torch.float32)[labels] + SIGMA * noise
    return points.reshape(count, 2, 1, 1), labels


def modes_covered(samples: torch.Tensor) -> torch.Tensor:
    """Return how many of the Gaussians have a sample of (N, 2, 1, 1) within three sigma.

    A float32 scalar from 0 to 8 on their device, without a gradient.
    """
    points = samples.detach().flatten(1).to(torch.float32)
    distances = torch.cdist(points, points.new_tensor(CENTRES))
    return (distances < 3 * SIGMA).any(dim=0).sum().to(torch.float32)
