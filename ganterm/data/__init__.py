"""Every dataset as one uint8 tensor with labels.

Importing this package does not import torch; `load` does, the first time it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganterm.data.catalogue import data_dir, dataset_facts, is_available, stored_path
from ganterm.data.images import ImageSet
from ganterm.data.progress import ProgressCallback

if TYPE_CHECKING:
    from ganterm.data.loading import load

__all__ = [
    "ImageSet",
    "ProgressCallback",
    "data_dir",
    "dataset_facts",
    "is_available",
    "load",
    "stored_path",
]


def __getattr__(name: str) -> Any:
    if name != "load":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ganterm.data import loading  # noqa: PLC0415 - keeps torch out of the import

    return loading.load
