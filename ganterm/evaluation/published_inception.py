"""Inception v3 as FID is published with it (Heusel et al. 2017): the network of 2015-12-05.

Its weights were converted from TensorFlow's, whose network differs from torchvision's in what it
pools, and whose resizing differs from PyTorch's. Features are those of torch-fidelity.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.models.inception import (
    BasicConv2d,
    Inception3,
    InceptionA,
    InceptionAux,
    InceptionB,
    InceptionC,
    InceptionD,
    InceptionE,
)

CLASSES: Final = 1008
SIDE: Final = 299


def published_inception() -> Inception3:
    """Return the network, its weights not yet those of the file."""
    blocks = [BasicConv2d, _BlockA, InceptionB, _BlockC, InceptionD, _BlockE, InceptionAux]
    network = Inception3(
        num_classes=CLASSES, aux_logits=False, init_weights=False, inception_blocks=blocks
    )
    network.Mixed_7c = _LastBlock(2048)
    return network


def resized(images: Tensor) -> Tensor:
    """Return floats (N, C, H, W) as (N, C, 299, 299), as TensorFlow 1 interpolates.

    Bilinear between the pixels at and after the place i * H / 299; corners are not aligned, and
    shrinking does not smooth.
    """
    for dim in (3, 2):
        size = images.shape[dim]
        place = torch.arange(SIDE, dtype=torch.float32) * torch.tensor(size / SIDE)
        low = place.long()
        share = (place - low).reshape(-1, *[1] * (3 - dim))
        at = images.index_select(dim, low)
        after = images.index_select(dim, (low + 1).clamp_max(size - 1))
        images = at + (after - at) * share
    return images


class _BlockA(InceptionA):  # type: ignore[misc] # torchvision has no types
    def forward(self, x: Tensor) -> Tensor:
        five = self.branch5x5_2(self.branch5x5_1(x))
        three = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), five, three, self.branch_pool(_mean(x))], 1)


class _BlockC(InceptionC):  # type: ignore[misc]
    def forward(self, x: Tensor) -> Tensor:
        seven = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return torch.cat([self.branch1x1(x), seven, twice, self.branch_pool(_mean(x))], 1)


class _BlockE(InceptionE):  # type: ignore[misc]
    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3_1(x)
        twice = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        parts = [
            self.branch1x1(x),
            *(self.branch3x3_2a(three), self.branch3x3_2b(three)),
            *(self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice)),
            self.branch_pool(self.pooled(x)),
        ]
        return torch.cat(parts, 1)

    def pooled(self, x: Tensor) -> Tensor:
        return _mean(x)


class _LastBlock(_BlockE):
    def pooled(self, x: Tensor) -> Tensor:
        return functional.max_pool2d(x, kernel_size=3, stride=1, padding=1)


def _mean(x: Tensor) -> Tensor:
    """Return means over 3x3 pixels, of which those beyond the edge are none."""
    return functional.avg_pool2d(x, kernel_size=3, stride=1, padding=1, count_include_pad=False)
