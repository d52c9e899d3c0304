"""How convincing single images are (Kynkäänniemi et al. 2019, arXiv:1904.06991, section 5)."""

from __future__ import annotations

import torch

from ganterm.components.scores.manifold import ROWS, squared_distances


def realism(real: torch.Tensor, fake: torch.Tensor, real_radii: torch.Tensor) -> torch.Tensor:
    """Return a score (M,) for each generated image: 1 and above lies within the real manifold.

    Features (N, F) and (M, F), and the `radii` (N,) of the real ones: the score is the largest
    ratio of a real image's k-th neighbour distance to its distance from the generated one. As
    published, the half of the real images with the widest neighbourhoods is left out: they would
    take anything for real. In float32, which is exact enough to put images in order.
    """
    centre = real.mean(dim=0)
    real, fake = (real - centre).float(), (fake - centre).float()
    kept = real_radii <= real_radii.median()
    real, reach = real[kept], real_radii[kept].square().float()
    scores = [
        (reach / squared_distances(fake[start : start + ROWS], real).clamp_min(1e-12)).amax(dim=1)
        for start in range(0, len(fake), ROWS)
    ]
    return torch.cat(scores).sqrt() if scores else fake.new_zeros(0)
