"""The digits that come with scikit-learn: 1,797 images of 8x8 that need no network."""

from __future__ import annotations

import gzip
import importlib.util
import string
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ganterm.components.datasets.base import Dataset, Samples
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COUNT: Final = 1797
_FILE: Final = "datasets/data/digits.csv.gz"
_LIMIT: Final = 1 << 20
_TOP: Final = 16
"""The brightest value of the published images."""


def load_digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the images (1797, 1, 8, 8) uint8 and their labels (1797,) int64.

    The published values 0 to 16 are spread over 0 to 255, so that `/ 127.5 - 1` equals the
    published `/ 8 - 1` within half a grey level. Raises `DataError` where the installed
    scikit-learn has no such file.
    """
    import numpy as np  # noqa: PLC0415 - the facts are read without it

    # Importing `sklearn.datasets` would take longer than all else that reads them.
    found = importlib.util.find_spec("sklearn")
    folders = (found and found.submodule_search_locations) or []
    path = next((path for folder in folders if (path := Path(folder, _FILE)).is_file()), None)
    if path is None:
        raise DataError(
            f"scikit-learn's digits ({_FILE}) are not in this Python; install scikit-learn anew, "
            "`pip install --force-reinstall scikit-learn`."
        )
    try:
        with gzip.open(path, "rt") as file:
            lines = [line.split(",") for line in file.read(_LIMIT).split()]
        values = np.array(lines, dtype=np.float32).astype(np.uint8)
        if values.shape != (_COUNT, 65) or values[:, :-1].max() > _TOP or values[:, -1].max() > 9:
            raise ValueError(f"unexpected values of shape {values.shape}")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataError(f"{path} is damaged; install scikit-learn anew.") from error
    grey = np.rint(values[:, :-1] * (255 / _TOP)).astype(np.uint8)
    return grey.reshape(-1, 1, 8, 8), values[:, -1].astype(np.int64)


def _load(split: str) -> Samples:
    return load_digits()


DIGITS = Dataset(
    name="digits",
    title="Handwritten digits (UCI, scikit-learn)",
    spec=DataSpec.image(8, 1, string.digits),
    counts={"train": _COUNT},
    origin="Alpaydin and Kaynak 1998, UCI repository; CC BY 4.0",
    load=_load,
)
