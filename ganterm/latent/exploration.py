"""Exploring from a base point: one direction at a time, the most telling ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ganterm.latent.sample import CHUNK
from ganterm.latent.space import draw
from ganterm.networks import Generator

SPAN = 3.0
"""How far from 0 one dimension is explored: 99.7 % of a normal latent lie within."""
BASES = 8
"""Base points over which a direction's change is averaged."""


@dataclass(frozen=True)
class Ranking:
    """Directions, the strongest first."""

    directions: Tensor
    """Unit vectors (K, d)."""
    strengths: Tensor
    """How strong each is, (K,), falling; the unit is that of the way they were ranked."""
    dimensions: tuple[int, ...] | None = None
    """Which dimension each direction is, where they are dimensions."""


def along(base: Tensor, direction: Tensor, values: Tensor) -> Tensor:
    """Return points (T, ..., d): `base` (..., d) with its part along `direction` set to `values`.

    `direction` (d,) is a unit vector; where it is one dimension, that one is set to each of the
    values (T,) in turn. Of styles (layers, d) it is set in every layer.
    """
    part = (base @ direction)[..., None]
    values = values.to(base).reshape(-1, *[1] * base.dim())
    return base + (values - part) * direction


def changes(
    generator: Generator, bases: Tensor, directions: Tensor, *, span: float = SPAN
) -> Iterator[float]:
    """Yield, for each direction (K, d), by how much it changes the image.

    That is the root mean square difference, in [0, 1], between the pixels at `-span` and at `span`
    along it, over the base points (B, d).
    """
    device = next(generator.parameters()).device
    ends = torch.tensor([-span, span])
    for direction in directions:
        points = torch.stack([along(base, direction, ends) for base in bases], dim=1)
        with torch.no_grad():
            low, high = (
                torch.cat([draw(generator, part.to(device)) for part in end.split(CHUNK)])
                for end in points
            )
        # Pixels in [-1, 1] are twice as far apart as in [0, 1].
        yield float((high - low).div(2).square().mean().sqrt())


def rank_dimensions(
    generator: Generator,
    bases: Tensor,
    *,
    span: float = SPAN,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Ranking:
    """Rank the dimensions of latents by how much they change the images of `bases` (B, d).

    `progress` is told how many dimensions are done, of how many.
    """
    axes = torch.eye(bases.shape[1])
    measured = []
    for change in changes(generator, bases, axes, span=span):
        measured.append(change)
        progress(len(measured), len(axes))
    strengths, order = torch.tensor(measured).sort(descending=True, stable=True)
    return Ranking(axes[order], strengths, tuple(order.tolist()))
