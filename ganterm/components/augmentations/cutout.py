"""Squares cut out of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ganterm.components.augmentations.base import Augmentation

if TYPE_CHECKING:
    import torch
    from torch import Tensor

CUTOUT_RATIO: Final = 0.5
"""The side of the square cut out, as a share of the image's side."""


def cut_out(images: Tensor) -> Tensor:
    """Blank one square of half the side in each image (C, H, W), centred anywhere within it.

    What is blank is 0, mid-grey in [-1, 1].
    """
    count, _, height, width = images.shape
    hidden_rows = _span(count, height, images.device)  # (N, H)
    hidden_columns = _span(count, width, images.device)  # (N, W)
    hidden = hidden_rows.unsqueeze(2) & hidden_columns.unsqueeze(1)  # (N, H, W)
    return images.masked_fill(hidden.unsqueeze(1), 0.0)


def _span(count: int, side: int, device: torch.device) -> Tensor:
    """Return per image which of `side` places a random span of half the side covers, (N, side)."""
    import torch  # noqa: PLC0415 - faces read augmentations without PyTorch

    length = int(side * CUTOUT_RATIO + 0.5)
    # an even length has its centre between two places, so there is one more place to put it
    centre = torch.randint(side + 1 - length % 2, (count, 1), device=device)
    offset = torch.arange(side, device=device) - (centre - length // 2)
    return (offset >= 0) & (offset < length)


CUTOUT = Augmentation(
    title="Cutout", help="One square of half the side blank, anywhere.", changes=(cut_out,)
)
