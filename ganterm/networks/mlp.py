"""The fully connected GAN (Goodfellow et al. 2014, arXiv:1406.2661) as its tutorials build it."""

from __future__ import annotations

from torch import nn

from ganterm.networks.base import DiscriminatorParts
from ganterm.networks.blocks import Norm, has_batch_norm, norm_1d, scaled


def generator(
    *, z_dim: int, image_size: int, channels: int, width: float, norm: Norm
) -> nn.Sequential:
    """Build the 256-512-1024 generator: (N, z_dim) to (N, C, H, W)."""
    return _generator(
        (256, 512, 1024),
        # the tutorials' 0.8 lands on eps, the constructor's second argument: so trains this network
        eps=0.8,
        z_dim=z_dim,
        image_size=image_size,
        channels=channels,
        width=width,
        norm=norm,
    )


def small_generator(
    *, z_dim: int, image_size: int, channels: int, width: float, norm: Norm
) -> nn.Sequential:
    """Build the 128-256-512 generator: (N, z_dim) to (N, C, H, W)."""
    return _generator(
        (128, 256, 512),
        eps=1e-5,
        z_dim=z_dim,
        image_size=image_size,
        channels=channels,
        width=width,
        norm=norm,
    )


def _generator(
    units: tuple[int, int, int],
    *,
    eps: float,
    z_dim: int,
    image_size: int,
    channels: int,
    width: float,
    norm: Norm,
) -> nn.Sequential:
    normalised = has_batch_norm(norm, published=True)
    first, second, third = (scaled(count, width) for count in units)
    pixels = channels * image_size * image_size
    return nn.Sequential(
        nn.Linear(z_dim, first),
        nn.LeakyReLU(0.2),
        nn.Linear(first, second),
        *norm_1d(second, enabled=normalised, eps=eps),
        nn.LeakyReLU(0.2),
        nn.Linear(second, third),
        *norm_1d(third, enabled=normalised, eps=eps),
        nn.LeakyReLU(0.2),
        nn.Linear(third, pixels),
        nn.Tanh(),
        nn.Unflatten(1, (channels, image_size, image_size)),
    )


def discriminator(
    *, image_size: int, channels: int, width: float, norm: Norm
) -> DiscriminatorParts:
    """Build the 512-256 discriminator over flattened images (N, C, H, W)."""
    normalised = has_batch_norm(norm, published=False)
    first, second = scaled(512, width), scaled(256, width)
    body = nn.Sequential(
        nn.Flatten(),
        nn.Linear(channels * image_size * image_size, first),
        nn.LeakyReLU(0.2),
        nn.Linear(first, second),
        *norm_1d(second, enabled=normalised),
        nn.LeakyReLU(0.2),
    )
    return DiscriminatorParts(body, nn.Linear(second, 1), second)
