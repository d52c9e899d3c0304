"""Where a projection searches: latents of any generator, or the styles of a style generator.

Both are searched in coordinates in which the points that the generator was trained on are about
normal, so that one rate and one prior serve for both.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from ganterm.networks.stylegan import StyleGenerator


class SearchSpace(Protocol):
    """Coordinates (N, d) for the points (N, ...) that `space.draw` draws."""

    def points(self, coordinates: Tensor) -> Tensor:
        """Return the points (N, ...) at coordinates (N, d)."""

    def prior(self, coordinates: Tensor) -> Tensor:
        """Return how unlikely coordinates (N, d) are, (N,); 0 is likely enough."""


class LatentSpace:
    """Latents z as they are, which should be as long as normal ones."""

    def points(self, coordinates: Tensor) -> Tensor:
        """Return the latents themselves."""
        return coordinates

    def prior(self, coordinates: Tensor) -> Tensor:
        """Return `sphere_prior`."""
        return sphere_prior(coordinates)


class StyleSpace:
    """One w for all layers, as so many standard deviations from the mean in each dimension."""

    def __init__(self, generator: StyleGenerator, sample: Tensor) -> None:
        """Measure the spread of w over a sample of them (N, w_dim)."""
        self._layers = generator.layers
        self._mean, self._spread = generator.w_mean, sample.std(dim=0).clamp(min=1e-6)

    def coordinates(self, w: Tensor) -> Tensor:
        """Return the coordinates (N, w_dim) of w (N, w_dim)."""
        return (w - self._mean) / self._spread

    def points(self, coordinates: Tensor) -> Tensor:
        """Return styles (N, layers, w_dim)."""
        w = self._mean + self._spread * coordinates
        return w[:, None].expand(-1, self._layers, -1)

    def prior(self, coordinates: Tensor) -> Tensor:
        """Return how much further than usual from the mean it is; nearer is no worse."""
        return (coordinates.square().mean(dim=1) - 1).clamp(min=0).square()


def sphere_prior(z: Tensor) -> Tensor:
    """Return how far latents (N, d) are from the sphere of normal ones: (|z|^2 / d - 1)^2, (N,)."""
    return (z.square().mean(dim=1) - 1).square()
