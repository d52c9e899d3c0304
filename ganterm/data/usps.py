"""The USPS digits in libsvm's text format: one `label index:value ...` line an image."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganterm.core.errors import DataError
from ganterm.data.progress import ProgressCallback, silent
from ganterm.data.streams import SourceFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 16
MAX_LINE = 16_384
"""Bytes; a published line takes about 4,000."""
MAX_BYTES = 256 << 20
"""Decompressed; the larger published file takes about 32 MiB."""

_INDICES = list(range(1, SIDE * SIDE + 1))


def read_usps(
    source: SourceFile, *, expected: int, progress: ProgressCallback = silent
) -> "tuple[NDArray[np.uint8], NDArray[np.int64]]":
    """Read one split to its end: images (N, 1, 16, 16) uint8 and published labels (N,) from 1.

    Grey levels [-1, 1] become 0 to 255 just as torchvision makes them. `expected` is the
    published count, for the progress. Raises DataError naming the line that is wrong.
    """
    rows: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    for number, line in enumerate(_lines(source), start=1):
        label, values = _parse(source.path, number, line)
        rows.append(((values + 1) / 2 * 255).astype(np.uint8))
        labels.append(label)
        if not number % 256:
            progress(f"reading {source.path.name}", number, expected, "images")
    source.finish()
    if not rows:
        raise DataError(f"{source.path} holds no images: get it again.")
    images = np.stack(rows).reshape(-1, 1, SIDE, SIDE)
    return images, np.asarray(labels, dtype=np.int64)


def _lines(source: SourceFile) -> Iterator[bytes]:
    pending = b""
    total = 0
    while block := source.read(1 << 16):
        total += len(block)
        *lines, pending = (pending + block).split(b"\n")
        if total > MAX_BYTES or len(pending) > MAX_LINE or any(len(x) > MAX_LINE for x in lines):
            raise DataError(f"{source.path} is not a file of USPS digits: its lines never end.")
        yield from (line for line in lines if line.strip())
    if pending.strip():
        yield pending


def _parse(path: Path, number: int, line: bytes) -> "tuple[int, NDArray[np.float32]]":
    try:
        label, *numbers = map(float, line.replace(b":", b" ").split())
        if line.count(b":") != len(_INDICES) or numbers[::2] != _INDICES or not label.is_integer():
            raise ValueError(line)
    except ValueError as error:
        raise DataError(
            f"{path} line {number} is not a label and {len(_INDICES)} grey levels `index:value`."
        ) from error
    values = np.array(numbers[1::2], dtype=np.float32)
    if not bool(np.all(np.abs(values) <= 1)):
        raise DataError(f"{path} line {number} has grey levels that are not between -1 and 1.")
    return int(label), values
