"""The kernel distance between features (Bińkowski et al. 2018, "Demystifying MMD GANs": KID)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.components.scores.base import Score

if TYPE_CHECKING:
    import torch

BLOCK = 1000
"""Images of each kind in a block, as published."""


def kernel_distance(
    real: torch.Tensor, fake: torch.Tensor, *, block: int = BLOCK, seed: int = 0
) -> float:
    """Return the squared MMD under the kernel (x·y / F + 1)^3 of features (N, F) and (M, F).

    The unbiased estimate, so a little below 0 is possible; averaged over blocks drawn without
    putting back, so that every image counts once and the time grows with N alone. Raises
    ValueError for fewer than two rows.
    """
    import torch  # noqa: PLC0415 - faces read scores without PyTorch

    size = min(len(real), len(fake), block)
    if size < 2:
        raise ValueError("the kernel distance takes at least two images of each kind")
    random = torch.Generator().manual_seed(seed)
    real_order = torch.randperm(len(real), generator=random).to(real.device)
    fake_order = torch.randperm(len(fake), generator=random).to(fake.device)
    blocks = min(len(real), len(fake)) // size
    distances = [
        squared_mmd(
            real[real_order[start : start + size]].double(),
            fake[fake_order[start : start + size]].double(),
        )
        for start in range(0, blocks * size, size)
    ]
    return float(torch.stack(distances).mean())


def squared_mmd(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return the unbiased squared MMD of features (N, F) and (M, F) under the cubic kernel."""
    within_real, within_fake = _kernel(real, real), _kernel(fake, fake)
    n, m = len(real), len(fake)
    return (
        (within_real.sum() - within_real.trace()) / (n * (n - 1))
        + (within_fake.sum() - within_fake.trace()) / (m * (m - 1))
        - 2 * _kernel(real, fake).mean()
    )


def _kernel(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return (x·y / F + 1)^3 for every pair of rows."""
    return (left @ right.T / left.shape[1] + 1) ** 3


KID = Score(
    title="kernel distance",
    help="kernel distance between features",
    tells="of the images as a whole",
    less_is_better=True,
    measure=lambda seen: kernel_distance(seen.real.features, seen.fake.features, seed=seen.seed),
)
