"""What every builder of a network is told about the network it is to build, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ganterm.components.networks.blocks import Norm
from ganterm.core.dataspec import DataSpec

if TYPE_CHECKING:
    from torch import nn

Conditioning = Literal["projection", "concat"]
"""How a discriminator is told the class of an image; a generator has it joined to z."""


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
    def image_size(self) -> int:
        """Side of the square images, in pixels."""
        return self.data.side

    @property
    def channels(self) -> int:
        """Of the images: 1 is grey, 3 is RGB; of points their coordinates."""
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


class DiscriminatorParts(NamedTuple):
    """What a family provides for its discriminator."""

    body: nn.Module
    """(N, C, H, W) images to features of any shape (N, ...)."""
    head: nn.Module
    """Features to one linear value per image."""
    feature_count: int
    """Features of one image, all axes multiplied."""
