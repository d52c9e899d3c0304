"""Every dataset as one uint8 tensor with labels.

Importing this package does not import torch; `load` does, the first time it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganterm.data.catalogue import data_dir, dataset_facts, is_available, stored_path
from ganterm.data.images import ImageSet
from ganterm.data.progress import ProgressCallback, silent

if TYPE_CHECKING:
    from ganterm.components.datasets import Fit

__all__ = [
    "ImageSet",
    "ProgressCallback",
    "data_dir",
    "dataset_facts",
    "is_available",
    "load",
    "stored_path",
]


def load(
    name: str,
    *,
    split: str = "train",
    image_size: int | None = None,
    channels: int | None = 1,
    fit: Fit = "auto",
    progress: ProgressCallback = silent,
) -> ImageSet:
    """Load a split of a dataset by its name, or a folder of images by its path.

    `split` is train, test, or all for both. The images come as uint8 (N, channels, image_size,
    image_size), fitted as `ganterm.data.fit` says; None for either keeps the dataset's own. A path
    is anything with a separator in it, or the name of a folder that no dataset is called by. Points
    are float32 (N, D, 1, 1), and have neither size nor channels to choose.

    Raises ConfigError for a name, split or size that makes no sense, and DataError for a dataset
    that is not here yet, is damaged or holds no readable image.
    """
    from ganterm.data.loading import load_images  # noqa: PLC0415 - keeps torch out of the import

    return load_images(
        name, split=split, image_size=image_size, channels=channels, fit=fit, progress=progress
    )
