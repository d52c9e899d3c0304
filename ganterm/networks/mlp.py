"""The fully connected GAN (Goodfellow et al. 2014, arXiv:1406.2661) as its tutorials build it."""

from __future__ import annotations

from torch import nn

from ganterm.networks.base import DiscriminatorParts
from ganterm.networks.blocks import has_batch_norm, norm_1d, scaled
from ganterm.networks.spec import DiscriminatorSpec, GeneratorSpec


def generator(spec: GeneratorSpec) -> nn.Sequential:
    """Build the 256-512-1024 generator: (N, z_dim) to (N, C, H, W)."""
    # the tutorials' 0.8 lands on eps, the constructor's second argument: so trains this network
    return _generator((256, 512, 1024), spec, eps=0.8)


def small_generator(spec: GeneratorSpec) -> nn.Sequential:
    """Build the 128-256-512 generator: (N, z_dim) to (N, C, H, W)."""
    return _generator((128, 256, 512), spec, eps=1e-5)


def _generator(units: tuple[int, int, int], spec: GeneratorSpec, *, eps: float) -> nn.Sequential:
    normalised = has_batch_norm(spec.norm, published=True)
    first, second, third = (scaled(count, spec.width) for count in units)
    pixels = spec.channels * spec.image_size**2
    return nn.Sequential(
        nn.Linear(spec.z_dim, first),
        nn.LeakyReLU(0.2),
        nn.Linear(first, second),
        *norm_1d(second, enabled=normalised, eps=eps),
        nn.LeakyReLU(0.2),
        nn.Linear(second, third),
        *norm_1d(third, enabled=normalised, eps=eps),
        nn.LeakyReLU(0.2),
        nn.Linear(third, pixels),
        nn.Tanh(),
        nn.Unflatten(1, (spec.channels, spec.image_size, spec.image_size)),
    )


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the 512-256 discriminator over flattened images (N, C, H, W)."""
    normalised = has_batch_norm(spec.norm, published=False)
    first, second = scaled(512, spec.width), scaled(256, spec.width)
    body = nn.Sequential(
        nn.Flatten(),
        nn.Linear(spec.channels * spec.image_size**2, first),
        nn.LeakyReLU(0.2),
        nn.Linear(first, second),
        *norm_1d(second, enabled=normalised),
        nn.LeakyReLU(0.2),
    )
    return DiscriminatorParts(body, nn.Linear(second, 1), second)
