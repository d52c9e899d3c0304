"""Stacked MNIST: three random digits as the channels of one image, a thousand modes to cover.

The measure of mode collapse of Metz et al. 2017 (arXiv:1611.02163) and Srivastava et al. 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ganterm.components.datasets.base import Dataset, Samples
from ganterm.core.dataspec import DataSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHANNELS: Final = 3
COUNTS: Final = {"train": 153_600, "test": 25_600}
"""As many as are usually judged, 25,600, are a sixth of those that are trained on."""
_SEEDS: Final = {"train": 0, "test": 1}


def stacked(
    images: NDArray[np.uint8], labels: NDArray[np.int64], count: int, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw `count` images (count, 3, H, W) of three of (N, 1, H, W), and their classes 0 to 999."""
    import numpy as np  # noqa: PLC0415 - the facts are read without it

    chosen = np.random.default_rng(seed).integers(0, len(images), (count, _CHANNELS))
    return images[chosen, 0], labels[chosen] @ np.array([100, 10, 1])


def _make(images: NDArray[np.uint8], labels: NDArray[np.int64], split: str) -> Samples:
    return stacked(images, labels, COUNTS[split], _SEEDS[split])


STACKED_MNIST = Dataset(
    name="stacked-mnist",
    title="Three MNIST digits as red, green and blue",
    spec=DataSpec.image(28, _CHANNELS, [f"{number:03}" for number in range(1000)]),
    counts=COUNTS,
    origin="made of MNIST, LeCun, Cortes and Burges 1998; CC BY-SA 3.0",
    embedded=False,
    made_of="mnist",
    stacked=True,
    make=_make,
)
