"""What every builder of a network is told about the network it is to build."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ganterm.networks.blocks import Norm

Conditioning = Literal["projection", "concat"]
"""How a discriminator is told the class of an image; a generator has it joined to z."""

Modulation = Literal["adain", "demodulate"]
"""How a style acts in the style generator: on normalised features, or on the weights."""


@dataclass(frozen=True, kw_only=True)
class GeneratorSpec:
    """A generator from latents (N, z_dim) to images (N, channels, image_size, image_size)."""

    z_dim: int
    image_size: int
    """Side of the square images, in pixels."""
    channels: int
    """Of the images: 1 is grey, 3 is RGB."""
    width: float = 1.0
    """Multiplies the hidden widths; 1 is as published."""
    norm: Norm = "auto"
    classes: int = 0
    """How many classes it is conditioned on; 0 is not at all."""
    modulation: Modulation = "adain"
    """Of the style generator alone, as are the following."""
    grows: bool = False
    """Make it ready for every stage of progressive growing."""
    skip_outputs: bool = False
    """Sum the pictures of all resolutions into the image."""
    style_mixing: float = 0.0
    """Share of training images with the styles of two latents."""


@dataclass(frozen=True, kw_only=True)
class DiscriminatorSpec:
    """A discriminator from images (N, channels, image_size, image_size) to logits (N,)."""

    image_size: int
    """Side of the square images, in pixels."""
    channels: int
    """Of the images: 1 is grey, 3 is RGB."""
    width: float = 1.0
    """Multiplies the hidden widths; 1 is as published."""
    norm: Norm = "auto"
    spectral_norm: bool = False
    """Normalise every layer to a largest singular value of 1."""
    minibatch_discrimination: bool = False
    """Join the statistics of the batch to the features."""
    classes: int = 0
    """How many classes it is conditioned on; 0 is not at all."""
    conditioning: Conditioning = "projection"
    """How, where it is: by projection of the features, or by planes beside the channels."""
    grows: bool = False
    """Make it ready for every stage of progressive growing, where the architecture can grow."""
