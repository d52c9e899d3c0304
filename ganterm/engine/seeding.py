"""Every random number of a run as a function of its seed and of where in the run it is used.

Nothing depends on what was drawn before, so that a resumed run draws what the uninterrupted one
would have drawn.
"""

from __future__ import annotations

import hashlib

import torch


def derive(seed: int, purpose: str, index: int = 0) -> int:
    """Return the 63-bit seed of the `index`-th use of `purpose` in a run seeded with `seed`."""
    digest = hashlib.blake2b(f"{seed}/{purpose}/{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def seed_default_generators(seed: int, purpose: str, index: int = 0) -> None:
    """Seed PyTorch's default generators, which noise and dropout draw from, on all devices."""
    torch.manual_seed(derive(seed, purpose, index))


def generator_for(seed: int, purpose: str, index: int = 0) -> torch.Generator:
    """Return a CPU generator of its own, seeded for one purpose."""
    return torch.Generator().manual_seed(derive(seed, purpose, index))


def fixed_latents(seed: int, count: int, z_dim: int) -> torch.Tensor:
    """Return the run's fixed latent vectors, (count, z_dim) ~ N(0, 1) on the CPU."""
    return torch.randn(count, z_dim, generator=generator_for(seed, "fixed latents"))
