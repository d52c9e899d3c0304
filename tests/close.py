"""What is computed twice is the same to rounding: the last bits are the CPU's and PyTorch's own."""

from __future__ import annotations

from typing import Any

import torch


def assert_same_images(found: Any, expected: Any) -> None:
    """Fail unless both, as tensors or arrays, are the same images: to one of 255, or to 1e-4."""
    mine, theirs = torch.as_tensor(found), torch.as_tensor(expected)
    assert mine.dtype == theirs.dtype
    far = 1.0 if mine.dtype == torch.uint8 else 1e-4
    torch.testing.assert_close(mine.float(), theirs.float(), rtol=0, atol=far)
