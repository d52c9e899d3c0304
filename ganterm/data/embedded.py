"""The digits that come with scikit-learn: 1,797 images of 8x8 that need no network."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOP = 16
"""The brightest value of the published images."""


def load_digits() -> "tuple[NDArray[np.uint8], NDArray[np.int64]]":
    """Give the images (1797, 1, 8, 8) uint8 and their labels (1797,) int64.

    The published values 0 to 16 are spread over 0 to 255, so that `/ 127.5 - 1` equals the
    published `/ 8 - 1` within half a grey level.
    """
    from sklearn.datasets import load_digits as sklearn_digits  # noqa: PLC0415 - a slow import

    images, labels = sklearn_digits(return_X_y=True)
    grey = np.rint(images * (255 / _TOP)).astype(np.uint8)
    return grey.reshape(-1, 1, 8, 8), labels.astype(np.int64)
