"""Small fully connected networks for points of the plane, which stand as images of Dx1x1."""

from __future__ import annotations

from torch import nn

from ganterm.core.dataspec import DataSpec
from ganterm.networks.base import DiscriminatorParts, Generator, SequentialGenerator
from ganterm.networks.blocks import has_batch_norm, norm_1d, scaled
from ganterm.networks.conditioning import joined, widened
from ganterm.networks.spec import DiscriminatorSpec, GeneratorSpec

UNITS = 128
"""Units of each of the two hidden layers, at width 1."""


def point_generator(spec: GeneratorSpec) -> Generator:
    """Build the 128-128 generator of points: (N, z_dim) to (N, D, 1, 1); the last layer is linear.

    `norm` batch adds batch normalisation.
    """
    normalised = has_batch_norm(spec.norm, published=False)
    units = scaled(UNITS, spec.width)
    layers = nn.Sequential(
        nn.Linear(joined(spec).z_dim, units),
        *norm_1d(units, enabled=normalised),
        nn.ReLU(),
        nn.Linear(units, units),
        *norm_1d(units, enabled=normalised),
        nn.ReLU(),
        nn.Linear(units, spec.channels),
        nn.Unflatten(1, (spec.channels, 1, 1)),
    )
    generator = SequentialGenerator(layers, spec)
    generator.data = DataSpec.point(spec.channels)
    return generator


def point_discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the 128-128 discriminator over points (N, D, 1, 1)."""
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
