"""Changes of brightness, saturation and contrast, by the amounts of Zhao et al. 2020."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ganterm.components.augmentations.base import Augmentation

if TYPE_CHECKING:
    from torch import Tensor

_COLOURS: Final = 3
"""Channels that show colour; a fourth is how opaque a pixel is, which colour leaves alone."""


def brighten(images: Tensor) -> Tensor:
    """Add to all colours of each image (C, H, W) one number in [-0.5, 0.5)."""
    return _of_colours(images, lambda colours: colours + (_chance(colours) - 0.5))


def saturate(images: Tensor) -> Tensor:
    """Take each pixel's colours 0 to 2 times as far from their mean; grey images stay as they are.

    `images` is (N, C, H, W); one factor an image.
    """
    if images.shape[1] < _COLOURS:
        return images
    return _of_colours(images, lambda colours: _apart(colours, 2 * _chance(colours), (1,)))


def contrast(images: Tensor) -> Tensor:
    """Take all colours of each image (C, H, W) 0.5 to 1.5 times as far from their mean."""
    return _of_colours(images, lambda colours: _apart(colours, 0.5 + _chance(colours), (1, 2, 3)))


def _of_colours(images: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Return images (N, C, H, W) with their colours changed."""
    import torch  # noqa: PLC0415 - faces read augmentations without PyTorch

    if images.shape[1] <= _COLOURS:
        return change(images)
    return torch.cat([change(images[:, :_COLOURS]), images[:, _COLOURS:]], dim=1)


def _apart(colours: Tensor, factor: Tensor, axes: tuple[int, ...]) -> Tensor:
    mean = colours.mean(axes, keepdim=True)
    return (colours - mean) * factor + mean


def _chance(images: Tensor) -> Tensor:
    """Return a number in [0, 1) for each image, (N, 1, 1, 1)."""
    import torch  # noqa: PLC0415

    return torch.rand(len(images), 1, 1, 1, dtype=images.dtype, device=images.device)


COLOUR = Augmentation(
    title="Colour",
    help="Brightness, saturation and contrast.",
    changes=(brighten, saturate, contrast),
)
