"""The ring: eight Gaussians in the plane, the classic data on which to watch a GAN lose modes.

The mixture of Gaussians of Metz et al. 2017 (arXiv:1611.02163) and Srivastava et al. 2017, with
the centres of system 10.
"""

from __future__ import annotations

from typing import Final

from ganterm.components.datasets.base import Dataset, Samples
from ganterm.core.dataspec import DataSpec

CENTRES: Final = ((2, 0), (1, 1), (0, 2), (-1, 1), (-2, 0), (-1, -1), (0, -2), (1, -1))
"""Where its Gaussians lie, which are its classes, in the order of the labels."""
SIGMA: Final = 0.1
COUNT: Final = 8192


def _draw(count: int, seed: int) -> Samples:
    from ganterm.components.datasets.mixture import draw_mixture  # noqa: PLC0415 - imports PyTorch

    return draw_mixture(CENTRES, SIGMA, count, seed=seed)


def _load(split: str) -> Samples:
    return _draw(COUNT, 8)


RING = Dataset(
    name="ring",
    title="Eight Gaussians in the plane",
    help=f"The laboratory: {COUNT:,} points of eight Gaussians, made and not stored.",
    spec=DataSpec.point(2, tuple(map(str, CENTRES))),
    counts={"train": COUNT},
    origin="made by ganterm",
    centres=CENTRES,
    sigma=SIGMA,
    recipe="ring",
    load=_load,
    draw=_draw,
)
