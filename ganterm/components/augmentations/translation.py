"""Shifts of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ganterm.components.augmentations.base import Augmentation

if TYPE_CHECKING:
    import torch
    from torch import Tensor

TRANSLATION_RATIO: Final = 0.125
"""The farthest shift along each axis, as a share of the image's side."""


def translate(images: Tensor) -> Tensor:
    """Shift each image (C, H, W) by up to an eighth of its side along each axis.

    What comes into view is 0, mid-grey in [-1, 1].
    """
    from torch.nn import functional  # noqa: PLC0415 - faces read augmentations without PyTorch

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


def _window(count: int, side: int, farthest: int, device: torch.device) -> Tensor:
    """Return per image the indices (N, side) into a side padded by `farthest` at both ends."""
    import torch  # noqa: PLC0415

    start = torch.randint(2 * farthest + 1, (count, 1), device=device)
    return start + torch.arange(side, device=device)


TRANSLATION = Augmentation(
    title="Translation", help="Shifts by up to an eighth of the side.", changes=(translate,)
)
