"""Finding the point of the latent space whose image is nearest to a given one, by optimisation.

Latents of any generator are searched, or the styles of a style generator: both in coordinates in
which the points that the generator was trained on are about normal, so that one rate and one prior
serve for both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from ganterm.components.networks.base import Generator
from ganterm.components.networks.stylegan_networks import StyleGenerator
from ganterm.inference.sample import labels_in_turn, latents
from ganterm.inference.space import draw, styles_of

_WARM_UP = 0.05
"""Share of the steps over which the rate rises from 0."""
_CANDIDATES = 64
"""Random points per start, of which the starts are those with the nearest images."""
_SMALLEST = 4
"""Side of the smallest image of the pyramid, in pixels."""


@dataclass(frozen=True)
class ProjectionSettings:
    """How to search."""

    steps: int = 300
    starts: int = 8
    """Points that are moved at once; the best of them is the result."""
    rate: float = 0.1
    """Of Adam, at its highest."""
    pyramid_weight: float = 1.0
    prior_weight: float = 0.02
    seed: int = 0


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


@dataclass(frozen=True)
class ProjectedPoint:
    """The best point so far."""

    point: Tensor
    """(...), on the CPU."""
    image: Tensor
    """Its image (C, H, W) in [-1, 1], on the CPU."""
    error: float
    """Mean squared error against the target, in pixels of [0, 1]."""
    label: int | None = None
    """The class it was found in, where several were searched."""


@dataclass(frozen=True)
class Candidates:
    """Random points and their images, the nearest of which a search starts from."""

    points: Tensor
    """(N, ...), on the device of the generator, as are the others."""
    labels: Tensor | None
    """(N,); None where the generator has no classes, or a default one."""
    images: Tensor
    """(N, C, H, W) in [-1, 1]."""
    space: SearchSpace = field(default_factory=LatentSpace)
    """What the points are coordinates of."""


class Projection:
    """A search for one image, which can be watched: `advance` it until it is `over`.

    The loss is the mean squared error of the pixels, the same of ever smaller copies of the images
    (which leads the way where strokes do not yet overlap), and a prior that keeps latents as long
    as normal ones are, since beyond the sphere a generator draws anything. All is decided by the
    seed of the settings. Of a conditional generator without a default class all classes are
    searched: the starts are the nearest of any.

    Attributes:
        step: how often the points were moved.
        errors: the error of the best start at each step, that before the first among them.
    """

    def __init__(
        self,
        generator: Generator,
        target: Tensor,
        settings: ProjectionSettings | None = None,
        *,
        candidates: Candidates | None = None,
    ) -> None:
        """Begin with a target (C, H, W) in [-1, 1]; the generator must be in evaluation mode.

        Several searches can share the `candidates` of their settings, which take most of a
        beginning.
        """
        self.settings = settings or ProjectionSettings()
        self.generator = generator
        device = next(generator.parameters()).device
        self._target = target[None].to(device)
        candidates = candidates or candidates_of(generator, self.settings)
        self._space = candidates.space
        self._points, self._labels = self._starts(candidates)
        self._points.requires_grad_()
        self._optimiser = torch.optim.Adam([self._points], lr=self.settings.rate, betas=(0.9, 0.99))
        self._best: ProjectedPoint | None = None
        self.step = 0
        self.errors: list[float] = []

    @property
    def over(self) -> bool:
        """Whether all steps were made."""
        return self.step >= self.settings.steps

    @property
    def best(self) -> ProjectedPoint:
        """The point whose image came nearest, at any step."""
        return self._best or self._look_again()

    def advance(self) -> None:
        """Move the points once; does nothing when it is over."""
        if self.over:
            return
        for group in self._optimiser.param_groups:
            group["lr"] = self.settings.rate * rate_at(self.step / self.settings.steps)
        images = self._drawn()
        self._look(images.detach())
        loss = pyramid_loss(images, self._target, weight=self.settings.pyramid_weight)
        loss = loss + self.settings.prior_weight * self._prior()
        # Each point is a search of its own: the gradient of the sum is that of each.
        (self._points.grad,) = torch.autograd.grad(loss.sum(), [self._points])
        self._optimiser.step()
        self.step += 1
        if self.step == self.settings.steps:
            self._look_again()

    def _starts(self, among: Candidates) -> tuple[Tensor, Tensor | None]:
        """Return the points (starts, ...) whose images are nearest, and their classes."""
        losses = pyramid_loss(among.images, self._target, weight=self.settings.pyramid_weight)
        nearest = losses.argsort(stable=True)[: self.settings.starts]
        labels = None if among.labels is None else among.labels[nearest]
        return among.points[nearest].clone(), labels

    def _prior(self) -> Tensor:
        return self._space.prior(self._points)

    def _drawn(self) -> Tensor:
        return draw(self.generator, self._space.points(self._points), self._labels)

    @torch.no_grad()
    def _look_again(self) -> ProjectedPoint:
        return self._look(self._drawn())

    def _look(self, images: Tensor) -> ProjectedPoint:
        """Remember and return the best, with the images (starts, C, H, W) of the points now."""
        errors = (images - self._target).div(2).square().flatten(1).mean(dim=1)
        index = int(errors.argmin())
        error = float(errors[index])
        self.errors.append(error)
        if self._best is None or error < self._best.error:
            point = self._space.points(self._points[index : index + 1].detach())[0].cpu().clone()
            label = None if self._labels is None else int(self._labels[index])
            self._best = ProjectedPoint(point, images[index].float().cpu(), error, label)
        return self._best


@torch.no_grad()
def candidates_of(generator: Generator, settings: ProjectionSettings) -> Candidates:
    """Draw the latents among which the starts are found, of every class in turn."""
    device = next(generator.parameters()).device
    count = settings.starts * _CANDIDATES
    points = latents(count, generator.z_dim, seed=settings.seed).to(device)
    labels = labels_in_turn(count, generator.classes if generator.default_class is None else 0)
    labels = None if labels is None else labels.to(device)
    parts = [slice(begin, begin + 64) for begin in range(0, count, 64)]
    images = [
        draw(generator, points[part], None if labels is None else labels[part]) for part in parts
    ]
    return Candidates(points, labels, torch.cat(images))


def style_candidates(generator: StyleGenerator, settings: ProjectionSettings) -> Candidates:
    """Draw the styles among which the starts are found, so that styles are searched."""
    latent = candidates_of(generator, settings)
    with torch.no_grad():
        w = styles_of(generator, latent.points, latent.labels)[:, 0]
    space = StyleSpace(generator, w)
    return Candidates(space.coordinates(w), latent.labels, latent.images, space)


def rate_at(done: float) -> float:
    """Return the share of the full rate when the share `done` of the steps is made.

    It rises at the beginning, so that Adam knows the slopes first, and then falls as a cosine.
    """
    return min(1.0, (done + 0.01) / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * done))


def pyramid_loss(images: Tensor, target: Tensor, *, weight: float = 1.0) -> Tensor:
    """Return the loss (N,) of images (N, C, H, W) against one target (1, C, H, W) in [-1, 1].

    The mean squared error of the pixels, and `weight` times the mean of it over the pyramid of
    copies of half the side each, down to 4 pixels.
    """
    loss = _squared(images, target)
    levels = []
    while min(images.shape[-2:]) >= 2 * _SMALLEST:
        images, target = (functional.avg_pool2d(each, 2) for each in (images, target))
        levels.append(_squared(images, target))
    if levels:
        loss = loss + weight * torch.stack(levels).mean(dim=0)
    return loss


def _squared(images: Tensor, target: Tensor) -> Tensor:
    return (images - target).square().flatten(1).mean(dim=1)
