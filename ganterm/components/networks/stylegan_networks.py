"""The style-based GAN (Karras et al. 2019, StyleGAN, arXiv:1812.04948), growing or not.

Per resolution the generator has two styled layers; the sides double from at least 4 pixels to the
image, and the widths halve from at most 128 channels to 32 (published: from 512 to 16, for faces).
The discriminator is its mirror image.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganterm.components.networks.base import Generator, whole_batch
from ganterm.components.networks.blocks import norm_2d, scaled
from ganterm.components.networks.equalised import EqualConv2d, EqualLinear
from ganterm.components.networks.facts import (
    DiscriminatorParts,
    DiscriminatorSpec,
    GeneratorSpec,
    NetworkSpec,
)
from ganterm.components.networks.growth import Growing, enlarged, halved, sizes_of
from ganterm.components.networks.style import SLOPE, AdaptiveLayer, DemodulatedLayer, Mapping
from ganterm.components.networks.stylegan import StyleSettings
from ganterm.core.dataspec import Size

LAYERS_PER_BLOCK = 2
MEAN_DECAY = 0.995
"""What a batch leaves of the running mean of w."""
_OUTER = 32
"""Channels next to the image, at width 1."""
_INNER = 128
"""The most channels that there are, at width 1."""


def _widths(levels: int, width: float) -> list[int]:
    """Return the channels per resolution, from the lowest up: 128, 64, 32 for 28x28."""
    return [scaled(min(_OUTER * 2**level, _INNER), width) for level in reversed(range(levels))]


def _own(spec: NetworkSpec) -> StyleSettings:
    return StyleSettings() if spec.own is None else spec.own


class StyleBlock(nn.Module):
    """The two styled layers of one resolution."""

    def __init__(self, inputs: int, outputs: int, *, size: Size, spec: GeneratorSpec) -> None:
        super().__init__()
        self.first = _styled_layer(inputs, outputs, size=size, spec=spec)
        self.second = _styled_layer(outputs, outputs, size=size, spec=spec)

    def forward(self, features: Tensor, ws: Tensor) -> Tensor:
        """Turn features (N, C, H, W) and styles (N, 2, w_dim) into features (N, C', H, W)."""
        between = self.first(features, ws[:, 0])
        after: Tensor = self.second(between, ws[:, 1])
        return after


def _styled_layer(
    inputs: int, outputs: int, *, size: Size, spec: GeneratorSpec
) -> AdaptiveLayer | DemodulatedLayer:
    if _own(spec).modulation == "demodulate":
        return DemodulatedLayer(inputs, outputs, size=size, w_dim=spec.z_dim)
    return AdaptiveLayer(inputs, outputs, size=size, w_dim=spec.z_dim, norm=spec.norm)


class Synthesis(Growing):
    """From a style for each layer to an image, beginning with a learned constant.

    Images have the side of the present stage while training, and in evaluation always the full
    one, so that whoever looks on sees one size throughout.
    """

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__(sizes_of(spec.size))
        self.skip_outputs = _own(spec).skip_outputs
        widths = _widths(len(self.sizes), spec.width)
        self.constant = nn.Parameter(torch.randn(1, widths[0], *self.sizes[0]))
        self.blocks = nn.ModuleList(
            StyleBlock(inputs, outputs, size=size, spec=spec)
            for (inputs, outputs), size in zip(
                pairwise([widths[0], *widths]), self.sizes, strict=True
            )
        )
        exits = _own(spec).grows or self.skip_outputs
        self.to_image = _at_sizes(
            self.sizes,
            [EqualConv2d(width, spec.channels, 1, gain=1.0) for width in widths],
            every=exits,
        )

    def forward(self, ws: Tensor) -> Tensor:
        """Turn a style for each layer (N, layers, w_dim) into images (N, C, H, W) in [-1, 1].

        Styles of layers that the present stage does not have are left aside.
        """
        level, alpha = self.stage.level, self.stage.alpha
        features = self.constant.expand(ws.shape[0], -1, -1, -1)
        pictures: list[Tensor] = []
        for index, size in enumerate(self.sizes[: level + 1]):
            if index:
                features = enlarged(features)
            first = LAYERS_PER_BLOCK * index
            features = self.blocks[index](features, ws[:, first : first + LAYERS_PER_BLOCK])
            if self.skip_outputs or index == level or (index == level - 1 and alpha < 1):
                pictures.append(self.to_image[_key(size)](features))
        if self.skip_outputs:
            image = torch.tanh(_summed(pictures))
        else:
            image = torch.tanh(pictures[-1])
            if len(pictures) > 1:
                image = torch.lerp(enlarged(torch.tanh(pictures[0])), image, alpha)
        if not self.training and level < len(self.sizes) - 1:
            image = enlarged(image, 2 ** (len(self.sizes) - 1 - level))
        return image


class StyleGenerator(Generator):
    """A generator that reads z as a style for each of its layers.

    A mapping network turns z into w, which is as long, and `synthesis` one w per layer into an
    image. While training, some images take the style of their finer layers from another z.

    Attributes:
        w_dim: length of w.
        w_mean: running mean of w (w_dim,), the centre for truncation.
        style_mixing: share of training images with two styles.
    """

    w_mean: Tensor

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__(spec)
        self.w_dim = spec.z_dim
        self.style_mixing = _own(spec).style_mixing
        self.mapping = Mapping(spec.z_dim, self.w_dim, classes=spec.classes)
        self.register_buffer("w_mean", torch.zeros(self.w_dim))
        self.synthesis = Synthesis(spec)

    @property
    def entrance(self) -> nn.Module:
        """The mapping network, which is also asked by itself."""
        return self.mapping

    @property
    def layers(self) -> int:
        """How many styled layers there are at full size: how many styles `synthesis` takes."""
        return LAYERS_PER_BLOCK * len(self.synthesis.sizes)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Turn latent vectors (N, z_dim) into images (N, C, H, W) in [-1, 1]."""
        labels = self.labels_for(z, labels)
        w = self.mapping(z, labels)
        ws = w[:, None].expand(-1, self.layers, -1)
        if self.training:
            with torch.no_grad():
                self.w_mean.lerp_(whole_batch(w.to(self.w_mean.dtype)).mean(0), 1 - MEAN_DECAY)
            if self.style_mixing:
                ws = self._mixed(ws, self.mapping(torch.randn_like(z), labels))
        images: Tensor = self.synthesis(ws)
        return images

    def _mixed(self, ws: Tensor, other: Tensor) -> Tensor:
        """Give some images another style (N, w_dim) from a random layer on (mixing regularisation).

        The crossover lies between two layers that are in use at the present stage.
        """
        count, device = ws.shape[0], ws.device
        in_use = LAYERS_PER_BLOCK * (self.synthesis.stage.level + 1)
        crossover = torch.randint(1, in_use, (count, 1, 1), device=device)
        mixes = torch.rand(count, 1, 1, device=device) < self.style_mixing
        layer = torch.arange(self.layers, device=device)[:, None]
        return torch.where(mixes & (layer >= crossover), other[:, None], ws)


class StyleFeatures(Growing):
    """The discriminator's body: from images of the present stage's size to features (N, C)."""

    def __init__(self, spec: DiscriminatorSpec) -> None:
        super().__init__(sizes_of(spec.size))
        widths = _widths(len(self.sizes), spec.width)
        batch_norm = spec.norm == "batch"
        self.from_image = _at_sizes(
            self.sizes,
            [
                nn.Sequential(EqualConv2d(spec.channels, width, 1), nn.LeakyReLU(SLOPE))
                for width in widths
            ],
            every=_own(spec).grows,
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(
                *_convolution(inputs, inputs, batch_norm=batch_norm),
                *_convolution(inputs, outputs, batch_norm=batch_norm),
                nn.AvgPool2d(2),
            )
            for outputs, inputs in pairwise(widths)
        )
        last = widths[0]
        self.last = nn.Sequential(
            *_convolution(last, last, batch_norm=batch_norm),
            nn.Flatten(),
            EqualLinear(last * math.prod(self.sizes[0]), last),
            nn.LeakyReLU(SLOPE),
        )
        self.feature_count = last

    @property
    def in_order(self) -> list[nn.Module]:
        """Its parts from the image on."""
        return [self.from_image, *reversed(self.blocks), self.last]

    def forward(self, images: Tensor) -> Tensor:
        """Turn images (N, C, H, W) of the present size into features (N, feature_count)."""
        level, alpha = self.stage.level, self.stage.alpha
        if (size := Size(*images.shape[2:])) != self.size:
            raise RuntimeError(
                f"the discriminator stands at images of shape {self.size}, not {size}"
            )
        features = self.from_image[_key(size)](images)
        for index in reversed(range(level)):
            features = self.blocks[index](features)
            if index == level - 1 and alpha < 1:
                before = self.from_image[_key(self.sizes[index])](halved(images))
                features = torch.lerp(before, features, alpha)
        last: Tensor = self.last(features)
        return last


def discriminator(spec: DiscriminatorSpec) -> DiscriminatorParts:
    """Build the discriminator over images (N, C, H, W) of the present stage."""
    body = StyleFeatures(spec)
    head = EqualLinear(body.feature_count, 1, gain=1.0)
    return DiscriminatorParts(body, head, body.feature_count)


def _summed(pictures: list[Tensor]) -> Tensor:
    """Return the sum of pictures whose side doubles from one to the next."""
    total, *finer = pictures
    for picture in finer:
        total = enlarged(total) + picture
    return total


def _key(size: Size) -> str:
    return str(size.setting)


def _at_sizes(sizes: tuple[Size, ...], modules: list[nn.Module], *, every: bool) -> nn.ModuleDict:
    """Return the module of every size by that size, or of the last size alone."""
    found = list(zip(sizes, modules, strict=True))
    return nn.ModuleDict({_key(size): module for size, module in (found if every else found[-1:])})


def _convolution(inputs: int, outputs: int, *, batch_norm: bool) -> list[nn.Module]:
    return [
        EqualConv2d(inputs, outputs, 3),
        *norm_2d(outputs, enabled=batch_norm),
        nn.LeakyReLU(SLOPE),
    ]
