"""The fully connected GAN (Goodfellow et al. 2014, arXiv:1406.2661) as its tutorials build it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.networks.blocks import has_batch_norm, norm_1d, scaled
from ganterm.components.networks.facts import (
    DiscriminatorFamily,
    DiscriminatorParts,
    DiscriminatorSpec,
    GeneratorFamily,
    GeneratorSpec,
    ImageSizes,
)

if TYPE_CHECKING:
    from torch import nn

POINT_UNITS = 128
"""Units of each of the two hidden layers of the networks of points, at width 1."""


def generator(spec: GeneratorSpec) -> nn.Sequential:
    """Build the 256-512-1024 generator: (N, z_dim) to (N, C, H, W); of points a smaller one."""
    if spec.data.is_points:
        return _points_generator(spec)
    # the tutorials' 0.8 lands on eps, the constructor's second argument: so trains this network
    return _generator((256, 512, 1024), spec, eps=0.8)


def small_generator(spec: GeneratorSpec) -> nn.Sequential:
    """Build the 128-256-512 generator: (N, z_dim) to (N, C, H, W)."""
    return _generator((128, 256, 512), spec, eps=1e-5)


def _generator(units: tuple[int, int, int], spec: GeneratorSpec, *, eps: float) -> nn.Sequential:
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=True)
    first, second, third = (scaled(count, spec.width) for count in units)
    return nn.Sequential(
        nn.Linear(spec.z_dim, first),
        nn.LeakyReLU(0.2),
        nn.Linear(first, second),
        *norm_1d(second, enabled=normalised, eps=eps),
        nn.LeakyReLU(0.2),
        nn.Linear(second, third),
        *norm_1d(third, enabled=normalised, eps=eps),
        nn.LeakyReLU(0.2),
        nn.Linear(third, spec.data.values),
        nn.Tanh(),
        nn.Unflatten(1, spec.data.tensor_shape),
    )


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the 512-256 discriminator over flattened images (N, C, H, W), or points."""
    if spec.data.is_points:
        return _points_discriminator(spec)
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=False)
    first, second = scaled(512, spec.width), scaled(256, spec.width)
    body = nn.Sequential(
        nn.Flatten(),
        nn.Linear(spec.data.values, first),
        nn.LeakyReLU(0.2),
        nn.Linear(first, second),
        *norm_1d(second, enabled=normalised),
        nn.LeakyReLU(0.2),
    )
    return DiscriminatorParts(body, nn.Linear(second, 1), second)


def _points_generator(spec: GeneratorSpec) -> nn.Sequential:
    """Build the 128-128 generator of points: (N, z_dim) to (N, D, 1, 1); the last layer is linear.

    `norm` batch adds batch normalisation.
    """
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=False)
    units = scaled(POINT_UNITS, spec.width)
    return nn.Sequential(
        nn.Linear(spec.z_dim, units),
        *norm_1d(units, enabled=normalised),
        nn.ReLU(),
        nn.Linear(units, units),
        *norm_1d(units, enabled=normalised),
        nn.ReLU(),
        nn.Linear(units, spec.channels),
        nn.Unflatten(1, (spec.channels, 1, 1)),
    )


def _points_discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the 128-128 discriminator over points (N, D, 1, 1)."""
    from torch import nn

    normalised = has_batch_norm(spec.norm, published=False)
    units = scaled(POINT_UNITS, spec.width)
    body = nn.Sequential(
        nn.Flatten(),
        nn.Linear(spec.channels, units),
        nn.LeakyReLU(0.2),
        nn.Linear(units, units),
        *norm_1d(units, enabled=normalised),
        nn.LeakyReLU(0.2),
    )
    return DiscriminatorParts(body, nn.Linear(units, 1), units)


MLP = GeneratorFamily(
    title="Perceptron",
    help="Fully connected, 256-512-1024 units, batch norm.",
    image_sizes=ImageSizes(),
    batch_norm=True,
    takes_points=True,
    build=generator,
)
MLP_SMALL = GeneratorFamily(
    title="Small perceptron",
    help="Fully connected, 128-256-512 units, batch norm.",
    image_sizes=ImageSizes(),
    batch_norm=True,
    build=small_generator,
)
MLP_DISCRIMINATOR = DiscriminatorFamily(
    title="Perceptron",
    help="Fully connected, 512-256 units.",
    image_sizes=ImageSizes(),
    takes_points=True,
    build=discriminator,
)
