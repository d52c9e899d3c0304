"""The digits that come with scikit-learn: 1,797 images of 8x8 that need no network."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Final

from ganterm.components.datasets.base import Dataset, Samples
from ganterm.core.dataspec import DataSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TOP: Final = 16
"""The brightest value of the published images."""


def load_digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the images (1797, 1, 8, 8) uint8 and their labels (1797,) int64.

    The published values 0 to 16 are spread over 0 to 255, so that `/ 127.5 - 1` equals the
    published `/ 8 - 1` within half a grey level.
    """
    import numpy as np  # noqa: PLC0415 - the facts are read without it
    from sklearn.datasets import load_digits as sklearn_digits  # noqa: PLC0415 - a slow import

    images, labels = sklearn_digits(return_X_y=True)
    grey = np.rint(images * (255 / _TOP)).astype(np.uint8)
    return grey.reshape(-1, 1, 8, 8), labels.astype(np.int64)


def _load(split: str) -> Samples:
    return load_digits()


DIGITS = Dataset(
    name="digits",
    title="Handwritten digits (UCI, scikit-learn)",
    spec=DataSpec.image(8, 1, string.digits),
    counts={"train": 1797},
    origin="Alpaydin and Kaynak 1998, UCI repository; CC BY 4.0",
    load=_load,
)
