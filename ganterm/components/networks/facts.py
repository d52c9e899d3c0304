"""What is known of a family of networks without building one, and what builds it.

A family's file needs no PyTorch at its top, for every face reads it: its builders import what they
are made of when they are called. Where the code is classes derived from PyTorch's, as that of
stylegan, it lies in a file of its own, which the builder imports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ganterm.core.registry import Component, Facts

if TYPE_CHECKING:
    from torch import nn

    from ganterm.components.networks.spec import (
        DiscriminatorParts,
        DiscriminatorSpec,
        GeneratorSpec,
    )


@dataclass(frozen=True)
class ImageSizes:
    """The square image sides a network supports, in pixels."""

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
        """What the network needs, such as 'needs a multiple of 4, at least 8'."""
        if len(self.only) == 1:
            return f"needs exactly {self.only[0]}"
        if self.only:
            *first, last = self.only
            return f"needs {', '.join(map(str, first))} or {last}"
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
        build: makes its body and its head.
        settings: the struct of the settings that it has alone, which `spec.own` is.
    """

    build: Callable[[DiscriminatorSpec], DiscriminatorParts]
    settings: type[msgspec.Struct] | None = None
