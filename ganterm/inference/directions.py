"""Directions of the latent space: where a point lies along them, and which change most.

Along a direction a point is so many standard deviations from the mean of all points, so that one
slider serves for latents, which are normal, and for styles, which are not.

Directions come from the weights alone by closed-form factorisation, SeFa (Shen and Zhou 2021,
arXiv:2007.06600): the first layer turns a step n of the latent into A n, whatever the latent was,
and the unit steps that make the most of it are the eigenvectors of A^T A with the largest
eigenvalues. Or they are the dimensions, ranked by what each really changes in images.
"""

from __future__ import annotations

from collections.abc import Generator as Progress
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from ganterm.components.networks.base import Generator
from ganterm.components.networks.stylegan_networks import StyleGenerator
from ganterm.core.errors import ConfigError
from ganterm.inference.sample import latents
from ganterm.inference.space import draw, styles_of

SPAN = 3.0
"""How far from 0 one dimension is explored: 99.7 % of a normal latent lie within."""
BASES = 8
"""Base points over which a direction's change is averaged."""
_SPREAD_OF = 1024
"""Latents over which the spread of styles is measured."""
_SPREAD_SEED = 0


@dataclass(frozen=True)
class Ranking:
    """Directions, the strongest first."""

    directions: Tensor
    """Unit vectors (K, d)."""
    strengths: Tensor
    """How strong each is, (K,), falling; the unit is that of the way they were ranked."""
    dimensions: tuple[int, ...] | None = None
    """Which dimension each direction is, where they are dimensions."""


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


@torch.no_grad()
def rank_dimensions(
    generator: Generator,
    frame: Frame,
    bases: Tensor,
    label: int | None = None,
    *,
    span: float = SPAN,
) -> Progress[tuple[int, int], None, Ranking]:
    """Rank the dimensions of a frame by what they change in the images of `bases` (B, ...).

    That is the root mean square difference, in [0, 1], between the pixels at `-span` and at `span`
    along each, in images of class `label`. Yields how many dimensions are done, of how many.
    """
    axes = Axes(frame, torch.eye(frame.dimensions))
    measured: list[float] = []
    for number in range(len(axes)):
        low, high = (
            _images(
                generator, torch.stack([axes.moved(base, number, end) for base in bases]), label
            )
            for end in (-span, span)
        )
        # Pixels in [-1, 1] are twice as far apart as in [0, 1].
        measured.append(float((high - low).div(2).square().mean().sqrt()))
        yield len(measured), len(axes)
    strengths, order = torch.tensor(measured).sort(descending=True, stable=True)
    return Ranking(axes.directions[order], strengths, tuple(order.tolist()))


def _images(generator: Generator, points: Tensor, label: int | None) -> Tensor:
    device = next(generator.parameters()).device
    labels = None if label is None else torch.full((len(points),), label, device=device)
    return draw(generator, points.to(device), labels)


def factorise(generator: Generator) -> Ranking:
    """Return the directions that the first layer stretches most; a strength is by how much.

    Raises ConfigError for a generator whose first layer is neither linear nor a convolution.
    """
    return directions_of(first_weight(generator))


def directions_of(weight: Tensor) -> Ranking:
    """Return the right singular vectors of a matrix (outputs, d) and its singular values.

    The sign of a direction is free; here its largest component is positive.
    """
    _, strengths, directions = torch.linalg.svd(weight.double().cpu(), full_matrices=False)
    largest = directions.abs().argmax(dim=1, keepdim=True)
    directions = directions * directions.gather(1, largest).sign()
    return Ranking(directions.float(), strengths.float())


def style_weights(generator: StyleGenerator) -> Tensor:
    """Return the matrix (outputs, w_dim) by which all layers together read their style."""
    readers = [module.style for module in generator.synthesis.modules() if hasattr(module, "style")]
    return torch.cat([reader.weight for reader in readers if isinstance(reader, nn.Linear)])


def first_weight(generator: Generator) -> Tensor:
    """Return the matrix (outputs, z_dim) by which the first layer multiplies a latent.

    What a label is multiplied by, behind the latent, is left out.
    """
    for layer in generator.modules():
        if isinstance(layer, nn.Linear):
            return layer.weight[:, : generator.z_dim]
        if isinstance(layer, nn.ConvTranspose2d):
            # Of a latent as z_dim images of one pixel: (z_dim, outputs, k, k).
            return layer.weight[: generator.z_dim].flatten(1).T
    raise ConfigError("This generator's first layer is not linear, so it cannot be factorised.")


def _other(found: int, wanted: int) -> ConfigError:
    return ConfigError(
        f"That place has {found} numbers, this generator's have {wanted}; it was found with "
        "another one."
    )
