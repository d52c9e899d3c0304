"""What is known of a family of networks without building one, what builds it, and what of.

A family's file needs no PyTorch at its top, for every face reads it: its builders import what they
are made of when they are called. Where the code is classes derived from PyTorch's, as that of
stylegan, it lies in a file of its own, which the builder imports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

import msgspec

from ganterm.core.dataspec import DataSpec, Size
from ganterm.core.registry import Component, Facts

if TYPE_CHECKING:
    from torch import nn


Norm = Literal["auto", "batch", "none"]
"""`auto`: as published; `batch`: batch normalisation in every hidden layer that may have it (not
the discriminator's first); `none`: no normalisation layer."""
NORMS: Final = get_args(Norm)
Conditioning = Literal["projection", "concat"]
"""How a discriminator is told the class of an image; a generator has it joined to z."""


Output = Literal["logit", "probability"]
"""What a discriminator returns: a logit, or the probability that an image is real."""


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """What both networks are told."""

    data: DataSpec
    """What the generator makes and the discriminator sees, (N, *data.tensor_shape)."""
    width: float = 1.0
    """Multiplies the hidden widths; 1 is as published."""
    norm: Norm = "auto"
    classes: int = 0
    """How many classes it is conditioned on; 0 is not at all."""
    own: Any = None
    """The family's own settings, of its `settings`; None stands for their defaults."""

    @property
    def size(self) -> Size:
        """Height and width of the images in pixels."""
        return self.data.size

    @property
    def channels(self) -> int:
        """Of the images: 1 is grey, 3 is RGB, 4 has alpha; of points their coordinates."""
        return self.data.channels


@dataclass(frozen=True, kw_only=True)
class GeneratorSpec(NetworkSpec):
    """A generator from latents (N, z_dim) to samples."""

    z_dim: int


@dataclass(frozen=True, kw_only=True)
class DiscriminatorSpec(NetworkSpec):
    """A discriminator from samples to logits (N,)."""

    spectral_norm: bool = False
    """Normalise every layer to a largest singular value of 1."""
    minibatch_discrimination: bool = False
    """Join the statistics of the batch to the features."""
    conditioning: Conditioning = "projection"
    """How, where it is: by projection of the features, or by planes beside the channels."""
    output: Output = "logit"
    """What a plain one of the user's returns."""


class DiscriminatorParts(NamedTuple):
    """What a family provides for its discriminator."""

    body: nn.Module
    """(N, C, H, W) images to features of any shape (N, ...)."""
    head: nn.Module | None
    """Features to one linear value per image; None where the class's projection is all."""
    feature_count: int
    """Features of one image, all axes multiplied."""
    class_std: float | None = None
    """Of the first weights by which classes are projected; None leaves them a linear layer's."""


SEED_SIDE: Final = 4
"""No image is halved to a side below this, in pixels."""


def seed_of(size: Size) -> tuple[Size, int]:
    """Return what `size` halves to evenly, with sides of at least 4 pixels, and how many times.

    So 28x28 is 7x7 doubled twice, and 48x64 is 6x8 doubled three times.
    """
    halvings = 0
    while not (size.height % 2 or size.width % 2) and min(size) >= 2 * SEED_SIDE:
        size, halvings = Size(size.height // 2, size.width // 2), halvings + 1
    return size, halvings


@dataclass(frozen=True)
class ImageSizes:
    """The sizes of images that a network supports, each side in pixels."""

    minimum: int = 1
    multiple: int = 1
    only: tuple[int, ...] = ()
    """When given, exactly squares of these sides; the other fields do not count."""
    doublings: int = 0
    """When given, what comes of doubling at least so often from a shorter side of 4 to 7."""

    def __contains__(self, size: object) -> bool:
        """Say whether images of `size`, a `Size` or the side of squares, are supported."""
        if isinstance(size, int):
            size = Size(size, size)
        if not isinstance(size, Size):
            return False
        if self.only:
            return size.is_square and size.height in self.only
        if self.doublings:
            seed, doublings = seed_of(size)
            return SEED_SIDE <= min(seed) < 2 * SEED_SIDE and doublings >= self.doublings
        return min(size) >= self.minimum and not any(side % self.multiple for side in size)

    @property
    def words(self) -> str:
        """What the network needs, such as 'needs a multiple of 4, at least 8'."""
        if len(self.only) == 1:
            return f"needs exactly {self.only[0]}"
        if self.only:
            *first, last = self.only
            return f"needs {', '.join(map(str, first))} or {last}"
        if self.doublings:
            least = SEED_SIDE << self.doublings
            return f"needs sides that halve evenly to 4 to 7 pixels, such as {least}, 28 or 48x64"
        if self.multiple > 1:
            return f"needs a multiple of {self.multiple}, at least {self.minimum}"
        return f"needs at least {self.minimum}"


@dataclass(frozen=True, kw_only=True)
class NetworkFacts(Facts):
    """What is known of a network without building it.

    Attributes:
        image_sizes: the sides of images that it supports.
        published_size: image side of the published network, in pixels.
        batch_norm: whether the published network has batch normalisation.
        takes_points: whether it has a version for points in place of images.
        equalised: whether its layers learn at rates of their own.
    """

    image_sizes: ImageSizes = ImageSizes()
    published_size: int = 28
    batch_norm: bool = False
    takes_points: bool = False
    equalised: bool = False

    def has_batch_norm(self, norm: str) -> bool:
        """Say whether it is batch-normalised where `norm` is auto, batch or none."""
        return self.batch_norm if norm == "auto" else norm == "batch"


@dataclass(frozen=True, kw_only=True)
class GeneratorFacts(NetworkFacts):
    """What is known of a generator without building it; `z_dim` is the published length of z."""

    z_dim: int = 100


@dataclass(frozen=True, kw_only=True)
class GeneratorFamily(GeneratorFacts, Component):
    """A generator that configurations can name.

    Attributes:
        build: makes the layers from latents (N, z_dim) to samples, or a whole `Generator`.
        takes_labels: whether it takes labels in by itself; elsewhere they are joined to z.
        settings: the struct of the settings that it has alone, which `spec.own` is.
    """

    build: Callable[[GeneratorSpec], nn.Module]
    takes_labels: bool = False
    settings: type[msgspec.Struct] | None = None


@dataclass(frozen=True, kw_only=True)
class DiscriminatorFamily(NetworkFacts, Component):
    """A discriminator that configurations can name.

    Attributes:
        build: makes its body and its head, or a whole `Discriminator`.
        settings: the struct of the settings that it has alone, which `spec.own` is.
    """

    build: Callable[[DiscriminatorSpec], DiscriminatorParts | nn.Module]
    settings: type[msgspec.Struct] | None = None
