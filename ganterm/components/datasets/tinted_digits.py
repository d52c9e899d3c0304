"""The digits that come with scikit-learn in five colours: colour pictures that need no network."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Final

from ganterm.components.datasets.base import Dataset, Samples
from ganterm.core.dataspec import DataSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TINTS: Final = {
    "red": (255, 72, 72),
    "yellow": (255, 214, 64),
    "green": (72, 214, 96),
    "blue": (72, 136, 255),
    "pink": (255, 112, 224),
}
"""What each ink has of red, green and blue where a stroke is brightest."""
_COUNT: Final = 1797


def _tinted(images: NDArray[np.uint8], labels: NDArray[np.int64], split: str) -> Samples:
    """Return each image (N, 1, 8, 8) in one colour (N, 3, 8, 8): those of a digit in turn."""
    import numpy as np  # noqa: PLC0415 - the facts are read without it

    colours = np.zeros_like(labels)
    for digit in range(10):
        of_digit = labels == digit
        colours[of_digit] = np.arange(of_digit.sum()) % len(TINTS)
    tints = np.array(list(TINTS.values()))[colours]
    coloured = np.rint(images * (tints / 255)[:, :, None, None])
    return coloured.astype(np.uint8), labels + 10 * colours


TINTED_DIGITS = Dataset(
    name="tinted-digits",
    title="Handwritten digits in five colours",
    spec=DataSpec.image(8, 3, [f"{tint} {digit}" for tint in TINTS for digit in string.digits]),
    counts={"train": _COUNT},
    origin="made of the digits of Alpaydin and Kaynak 1998, UCI repository; CC BY 4.0",
    made_of="digits",
    make=_tinted,
)
