"""Points of the space behind a generator: what they are, what is drawn of them, truncation.

A point is a latent vector z, (z_dim,), normal.
"""

from __future__ import annotations

from torch import Tensor

from ganterm.networks import Generator


def truncated(generator: Generator, points: Tensor, psi: float) -> Tensor:
    """Return points (N, ...) drawn towards the mean of them all, at `psi` of their distance.

    The truncation trick (Brock et al. 2018, arXiv:1809.11096; Karras et al. 2018,
    arXiv:1812.04948): fewer kinds of images, but rarely a bad one. 1 changes nothing, 0 leaves the
    mean alone, above 1 exaggerates. The mean of normal latents is the origin.
    """
    return points if psi == 1 else psi * points


def draw(generator: Generator, points: Tensor, labels: Tensor | None = None) -> Tensor:
    """Return images (N, C, H, W) in [-1, 1] of points (N, ...), through which gradients flow.

    A conditional generator needs the `labels` (N,), unless it has a standing one.
    """
    images: Tensor = generator(points, labels)
    return images
