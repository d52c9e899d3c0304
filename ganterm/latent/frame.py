"""Frames of reference: where a point lies along directions, as sliders show it.

Along a direction a point is so many standard deviations from the mean of all points, so that one
slider serves for latents, which are normal, and for styles, which are not.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from ganterm.errors import ConfigError
from ganterm.latent.exploration import Ranking
from ganterm.latent.factorise import directions_of, factorise, style_weights
from ganterm.latent.sample import latents
from ganterm.latent.space import styles_of
from ganterm.networks import Generator
from ganterm.networks.stylegan import StyleGenerator

_SPREAD_OF = 1024
"""Latents over which the spread of styles is measured."""
_SPREAD_SEED = 0


class Frame(Protocol):
    """What points a generator is explored by.

    Attributes:
        layers: how many layers take a style of their own; 0 where points are latents.
        dimensions: of a point, or of one style.
        centre: (dimensions,): the mean of all points.
    """

    layers: int
    dimensions: int
    centre: Tensor

    def of(self, z: Tensor, label: int | None) -> Tensor:
        """Return the point (...) of a latent (z_dim,), of a class."""

    def unpacked(self, numbers: Tensor) -> Tensor:
        """Return the point whose numbers (d,) are in a row; raises `ConfigError` for others."""

    def scales(self, directions: Tensor) -> Tensor:
        """Return the standard deviation of points along directions (K, dimensions): (K,)."""

    def strongest(self) -> Ranking:
        """Return the directions that change most; raises `ConfigError` where that is unknown."""


class LatentFrame:
    """Latents z as they are: normal about the origin."""

    layers = 0

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.dimensions = generator.z_dim
        self.centre = torch.zeros(generator.z_dim)

    def of(self, z: Tensor, label: int | None) -> Tensor:
        """Return the latent itself."""
        return z

    def unpacked(self, numbers: Tensor) -> Tensor:
        """Return the latent itself if it has as many dimensions as the generator's."""
        if len(numbers) != self.dimensions:
            raise _other(len(numbers), self.dimensions)
        return numbers

    def scales(self, directions: Tensor) -> Tensor:
        """Return ones: latents have unit variance in every direction."""
        return torch.ones(len(directions))

    def strongest(self) -> Ranking:
        """Return the directions that the first layer stretches most."""
        return factorise(self._generator)


class StyleFrame:
    """Styles w, one for each layer; a direction moves all of them."""

    def __init__(self, generator: StyleGenerator) -> None:
        self._generator = generator
        self.layers, self.dimensions = generator.layers, generator.w_dim
        self.centre = generator.w_mean.cpu()
        z = latents(_SPREAD_OF, generator.z_dim, seed=_SPREAD_SEED)
        labels = torch.arange(_SPREAD_OF) % generator.classes if generator.classes else None
        with torch.no_grad():
            self._sample = styles_of(generator, z, labels)[:, 0].cpu()

    def of(self, z: Tensor, label: int | None) -> Tensor:
        """Return the styles (layers, w_dim) of a latent."""
        labels = None if label is None else torch.tensor([label])
        return styles_of(self._generator, z[None], labels)[0].cpu()

    def unpacked(self, numbers: Tensor) -> Tensor:
        """Return styles (layers, w_dim), one after another in a row; one alone is for all."""
        if len(numbers) == self.dimensions:
            return numbers.expand(self.layers, -1)
        if len(numbers) != self.layers * self.dimensions:
            raise _other(len(numbers), self.layers * self.dimensions)
        return numbers.reshape(self.layers, self.dimensions)

    def scales(self, directions: Tensor) -> Tensor:
        """Return the spread of w along directions, as random latents have it."""
        return (self._sample @ directions.T).std(dim=0).clamp(min=1e-6)

    def strongest(self) -> Ranking:
        """Return the directions that the layers together read most from."""
        return directions_of(style_weights(self._generator))


def frame_of(generator: Generator) -> Frame:
    """Return the frame in which a generator is explored."""
    return (
        StyleFrame(generator) if isinstance(generator, StyleGenerator) else LatentFrame(generator)
    )


class Axes:
    """Directions with their scale: where a point is along them, and how it is moved.

    Attributes:
        directions: unit vectors (K, dimensions), orthogonal to one another.
    """

    def __init__(self, frame: Frame, directions: Tensor) -> None:
        self.directions = directions
        self._centre = frame.centre
        self._scales = frame.scales(directions)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.directions)

    def values(self, point: Tensor) -> Tensor:
        """Return where a point (...) is along each, (K,); of styles their mean counts."""
        mean = point.reshape(-1, point.shape[-1]).mean(dim=0)
        return self.directions @ (mean - self._centre) / self._scales

    def moved(self, point: Tensor, number: int, value: float) -> Tensor:
        """Return the point at `value` along one of them; where it is along others stays."""
        by = (value - self.values(point)[number]) * self._scales[number]
        moved: Tensor = point + by * self.directions[number]
        return moved


def _other(found: int, wanted: int) -> ConfigError:
    return ConfigError(
        f"That place has {found} numbers, this generator's have {wanted}; it was found with "
        "another one."
    )
