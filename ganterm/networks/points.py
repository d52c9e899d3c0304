"""Small fully connected networks for points of the plane, which stand as images of 2x1x1."""

from __future__ import annotations

from torch import nn

from ganterm.networks.base import DiscriminatorParts, SequentialGenerator
from ganterm.networks.blocks import has_batch_norm, norm_1d, scaled
from ganterm.networks.conditioning import joined, widened
from ganterm.networks.spec import DiscriminatorSpec, GeneratorSpec

UNITS = 128
"""Units of each of the two hidden layers, at width 1."""


class PointGenerator(SequentialGenerator):
    """A generator of points, (N, z_dim) to (N, 2, 1, 1); its last layer is linear."""


def point_generator(spec: GeneratorSpec) -> PointGenerator:
    """Build the 128-128 generator of points; `norm` batch adds batch normalisation."""
    normalised = has_batch_norm(spec.norm, published=False)
    units = scaled(UNITS, spec.width)
    layers = nn.Sequential(
        nn.Linear(joined(spec).z_dim, units),
        *norm_1d(units, enabled=normalised),
        nn.ReLU(),
        nn.Linear(units, units),
        *norm_1d(units, enabled=normalised),
        nn.ReLU(),
        nn.Linear(units, 2),
        nn.Unflatten(1, (2, 1, 1)),
    )
    return PointGenerator(layers, spec)


def point_discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the 128-128 discriminator over points (N, 2, 1, 1)."""
    normalised = has_batch_norm(spec.norm, published=False)
    units = scaled(UNITS, spec.width)
    body = nn.Sequential(
        nn.Flatten(),
        nn.Linear(widened(spec).channels, units),
        nn.LeakyReLU(0.2),
        nn.Linear(units, units),
        *norm_1d(units, enabled=normalised),
        nn.LeakyReLU(0.2),
    )
    return DiscriminatorParts(body, nn.Linear(units, 1), units)
