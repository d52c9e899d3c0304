"""Facts about the network architectures by name, readable without torch.

The schema, the forms and the command line take names, rules and help from here; `ganterm.networks`
builds the layers and keeps to these facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

CHANNELS: Final = (1, 3)
"""Image channels every architecture supports: grey or RGB."""


@dataclass(frozen=True)
class ImageSizes:
    """The square image sides an architecture supports, in pixels."""

    minimum: int = 1
    multiple: int = 1
    only: tuple[int, ...] = ()
    """When given, exactly these sides; the other fields do not count."""

    def __contains__(self, size: object) -> bool:
        """Say whether images of `size` x `size` pixels are supported."""
        if not isinstance(size, int):
            return False
        if self.only:
            return size in self.only
        return size >= self.minimum and size % self.multiple == 0

    @property
    def words(self) -> str:
        """What the architecture needs, such as 'needs a multiple of 4, at least 8'."""
        if len(self.only) == 1:
            return f"needs exactly {self.only[0]}"
        if self.only:
            *first, last = self.only
            return f"needs {', '.join(map(str, first))} or {last}"
        if self.multiple > 1:
            return f"needs a multiple of {self.multiple}, at least {self.minimum}"
        return f"needs at least {self.minimum}"


@dataclass(frozen=True, kw_only=True)
class ArchitectureFacts:
    """What is known of a network without building it."""

    summary: str
    """One line for lists and help."""
    image_sizes: ImageSizes
    published_size: int
    """Image side of the published network, in pixels."""
    batch_norm: bool
    """Whether the published network has batch normalisation."""
    takes_points: bool = False
    """Whether it has a version for points in place of images."""

    def supports_image_size(self, size: int) -> bool:
        """Say whether images of `size` x `size` pixels are supported."""
        return size in self.image_sizes

    @property
    def size_words(self) -> str:
        """The predicate for an error about `image_size`: 'needs a multiple of 4, at least 8'."""
        return self.image_sizes.words


@dataclass(frozen=True, kw_only=True)
class GeneratorFacts(ArchitectureFacts):
    """What is known of a generator without building it."""

    z_dim: int
    """Length of the published network's latent vector."""


_DOUBLINGS: Final = ImageSizes(only=(16, 32, 64, 128))
_FROM_FOUR_OR_SEVEN: Final = ImageSizes(only=(8, 14, 16, 28, 32, 56, 64, 112, 128))

GENERATORS: Final[Mapping[str, GeneratorFacts]] = MappingProxyType(
    {
        "mlp": GeneratorFacts(
            summary="Fully connected, 256-512-1024 units, batch norm.",
            takes_points=True,
            image_sizes=ImageSizes(),
            published_size=28,
            batch_norm=True,
            z_dim=100,
        ),
        "mlp-small": GeneratorFacts(
            summary="Fully connected, 128-256-512 units, batch norm.",
            image_sizes=ImageSizes(),
            published_size=28,
            batch_norm=True,
            z_dim=100,
        ),
        "compact": GeneratorFacts(
            summary="Narrow transposed convolutions: good digits in seconds on a CPU.",
            image_sizes=ImageSizes(minimum=8, multiple=4),
            published_size=28,
            batch_norm=True,
            z_dim=100,
        ),
        "dcgan": GeneratorFacts(
            summary="Dense layer, then transposed convolutions to four times the side.",
            image_sizes=ImageSizes(minimum=8, multiple=4),
            published_size=28,
            batch_norm=True,
            z_dim=100,
        ),
        "dcgan-resize": GeneratorFacts(
            summary="dcgan with bilinear resizing + convolution: no checkerboard artefacts.",
            image_sizes=ImageSizes(minimum=8, multiple=4),
            published_size=28,
            batch_norm=True,
            z_dim=100,
        ),
        "dcgan-64": GeneratorFacts(
            summary="Fully convolutional by the five DCGAN rules, doubling from 4x4.",
            image_sizes=_DOUBLINGS,
            published_size=64,
            batch_norm=True,
            z_dim=100,
        ),
        "dcgan-8x8": GeneratorFacts(
            summary="Three small transposed convolutions for the embedded 8x8 digits.",
            image_sizes=ImageSizes(only=(8,)),
            published_size=8,
            batch_norm=False,
            z_dim=64,
        ),
        "upsample": GeneratorFacts(
            summary="Nearest-neighbour upsampling + convolution, batch norm.",
            image_sizes=ImageSizes(minimum=8, multiple=4),
            published_size=28,
            batch_norm=True,
            z_dim=100,
        ),
        "stylegan": GeneratorFacts(
            summary="Style-based: mapping network, styled layers from a constant, noise; can grow.",
            image_sizes=_FROM_FOUR_OR_SEVEN,
            published_size=28,
            batch_norm=False,
            z_dim=64,
        ),
    }
)

DISCRIMINATORS: Final[Mapping[str, ArchitectureFacts]] = MappingProxyType(
    {
        "mlp": ArchitectureFacts(
            summary="Fully connected, 512-256 units.",
            takes_points=True,
            image_sizes=ImageSizes(),
            published_size=28,
            batch_norm=False,
        ),
        "compact": ArchitectureFacts(
            summary="Three narrow strided convolutions, 16-32-64 channels, no norm.",
            image_sizes=ImageSizes(minimum=8),
            published_size=28,
            batch_norm=False,
        ),
        "dcgan": ArchitectureFacts(
            summary="Three strided convolutions, 32-64-128 channels, batch norm.",
            image_sizes=ImageSizes(minimum=8),
            published_size=28,
            batch_norm=True,
        ),
        "dcgan-64": ArchitectureFacts(
            summary="Fully convolutional by the five DCGAN rules, halving down to 4x4.",
            image_sizes=_DOUBLINGS,
            published_size=64,
            batch_norm=True,
        ),
        "dcgan-8x8": ArchitectureFacts(
            summary="Three small convolutions for the embedded 8x8 digits.",
            image_sizes=ImageSizes(only=(8,)),
            published_size=8,
            batch_norm=False,
        ),
        "upsample": ArchitectureFacts(
            summary="Four strided convolutions with dropout and batch norm.",
            # Below 9 the last convolution would look at one pixel and its padding; PyTorch's CPU
            # kernels leave the bfloat16 gradient of the weights that only see padding unwritten.
            image_sizes=ImageSizes(minimum=9),
            published_size=28,
            batch_norm=True,
        ),
        "sngan": ArchitectureFacts(
            summary="Four strided convolutions to 512 channels, made for spectral normalisation.",
            image_sizes=ImageSizes(minimum=16),
            published_size=28,
            batch_norm=False,
        ),
        "stylegan": ArchitectureFacts(
            summary="Pairs of 3x3 convolutions, mirroring the style-based generator; can grow.",
            image_sizes=_FROM_FOUR_OR_SEVEN,
            published_size=28,
            batch_norm=False,
        ),
    }
)
