"""Differentiable augmentation (Zhao et al. 2020, arXiv:2006.10738) for few training images.

Real and generated images pass it on their way to the discriminator, in its steps and in the
generator's, so that the generator learns the images as they were before. Digits have a handedness:
no policy mirrors.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from ganterm.errors import ConfigError

TRANSLATION_RATIO: Final = 0.125
"""The farthest shift along each axis, as a share of the image's side."""
CUTOUT_RATIO: Final = 0.5
"""The side of the square cut out, as a share of the image's side."""


def augment(images: Tensor, policy: Collection[str]) -> Tensor:
    """Return images (N, C, H, W), each changed at random, differentiable in `images`.

    `policy` has names of `POLICIES`, which take effect in the order of that table whatever the
    order in `policy`; empty, the images come back as they are. Random numbers come from the
    default generator of the images' device, and nothing waits for that device. What comes into
    view is 0, mid-grey in [-1, 1].

    Raises `ConfigError` for a name it does not know.
    """
    unknown = sorted(set(policy) - set(POLICIES))
    if unknown:
        raise ConfigError(f"augment {unknown[0]!r} is unknown; choose from {', '.join(POLICIES)}.")
    for name, change in POLICIES.items():
        if name in policy:
            images = change(images)
    return images


def translate(images: Tensor) -> Tensor:
    """Shift each image (C, H, W) by up to an eighth of its side along each axis."""
    count, channels, height, width = images.shape
    farthest_y, farthest_x = (int(side * TRANSLATION_RATIO + 0.5) for side in (height, width))
    padded = functional.pad(images, (farthest_x, farthest_x, farthest_y, farthest_y))
    rows = _window(count, height, farthest_y, images.device)
    columns = _window(count, width, farthest_x, images.device)
    # each source pixel is read at most once, so the backward's scattered sums have one term each
    # and come out the same whatever their order
    rows = rows.view(count, 1, height, 1).expand(-1, channels, -1, padded.shape[3])
    columns = columns.view(count, 1, 1, width).expand(-1, channels, height, -1)
    return padded.gather(2, rows).gather(3, columns)


def cut_out(images: Tensor) -> Tensor:
    """Blank one square of half the side in each image (C, H, W), centred anywhere within it."""
    count, _, height, width = images.shape
    hidden_rows = _span(count, height, images.device)  # (N, H)
    hidden_columns = _span(count, width, images.device)  # (N, W)
    hidden = hidden_rows.unsqueeze(2) & hidden_columns.unsqueeze(1)  # (N, H, W)
    return images.masked_fill(hidden.unsqueeze(1), 0.0)


POLICIES: Final[Mapping[str, Callable[[Tensor], Tensor]]] = MappingProxyType(
    {"translation": translate, "cutout": cut_out}
)


def _window(count: int, side: int, farthest: int, device: torch.device) -> Tensor:
    """Return per image the indices (N, side) into a side padded by `farthest` at both ends."""
    start = torch.randint(2 * farthest + 1, (count, 1), device=device)
    return start + torch.arange(side, device=device)


def _span(count: int, side: int, device: torch.device) -> Tensor:
    """Return per image which of `side` places a random span of half the side covers, (N, side)."""
    length = int(side * CUTOUT_RATIO + 0.5)
    # an even length has its centre between two places, so there is one more place to put it
    centre = torch.randint(side + 1 - length % 2, (count, 1), device=device)
    offset = torch.arange(side, device=device) - (centre - length // 2)
    return (offset >= 0) & (offset < length)
