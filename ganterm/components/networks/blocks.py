"""The small decisions that all families share: hidden widths and which layers are normalised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from torch import nn

Norm = Literal["auto", "batch", "none"]
"""`auto`: as published; `batch`: batch normalisation in every hidden layer that may have it (not
the discriminator's first); `none`: no normalisation layer."""
NORMS = get_args(Norm)


def scaled(channels: int, width: float) -> int:
    """Return `channels` hidden channels or units times `width`, rounded, at least 1."""
    return max(1, round(channels * width))


def has_batch_norm(norm: Norm, *, published: bool) -> bool:
    """Say whether to normalise, where the `published` network does or does not."""
    return published if norm == "auto" else norm == "batch"


def norm_1d(features: int, *, enabled: bool, eps: float = 1e-5) -> list[nn.Module]:
    """Return batch normalisation of (N, features), or nothing."""
    from torch import nn

    return [nn.BatchNorm1d(features, eps=eps)] if enabled else []


def norm_2d(channels: int, *, enabled: bool) -> list[nn.Module]:
    """Return batch normalisation of (N, channels, H, W), or nothing."""
    from torch import nn

    return [nn.BatchNorm2d(channels)] if enabled else []


def strided_side(side: int, *, kernel: int, stride: int, padding: int) -> int:
    """Return the output side of a convolution over an image of `side` pixels."""
    return (side + 2 * padding - kernel) // stride + 1
