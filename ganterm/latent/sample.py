"""Images from latent vectors."""

from __future__ import annotations

import torch
from torch import nn

CHUNK = 256
"""Images generated at once: enough to be quick, few enough for a small machine."""


def latents(count: int, z_dim: int, *, seed: int) -> torch.Tensor:
    """Return latent vectors (count, z_dim) ~ N(0, 1) on the CPU; a seed gives the same for ever."""
    return torch.randn(count, z_dim, generator=torch.Generator().manual_seed(seed))


def latent_of(seed: int, z_dim: int) -> torch.Tensor:
    """Return one latent vector (z_dim,): that of the first image `ganterm sample` draws.

    Of its usual 16, because PyTorch draws the last numbers of a tensor in another way.
    """
    return latents(16, z_dim, seed=seed)[0]


@torch.no_grad()
def generate(generator: nn.Module, z: torch.Tensor) -> torch.Tensor:
    """Return uint8 images (N, C, H, W) on the CPU for latent vectors (N, z_dim).

    The generator runs in evaluation mode on its own device and is left as it was.
    """
    device = next(generator.parameters()).device
    training = generator.training
    generator.eval()
    try:
        parts = (z[begin : begin + CHUNK] for begin in range(0, len(z), CHUNK))
        chunks = [to_uint8(generator(part.to(device))).cpu() for part in parts]
    finally:
        generator.train(training)
    return torch.cat(chunks)


def to_uint8(images: torch.Tensor) -> torch.Tensor:
    """Map images from [-1, 1] to 0..255, uint8; what lies outside is clamped."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
