"""The formats that datasets are published in: IDX, and the text of libsvm.

IDX, of MNIST and its relatives, is a magic number, the dimensions, then plain bytes; libsvm's text,
of USPS, one `label index:value ...` line an image. Headers are not believed: a size is only
accepted when the file can really hold that many bytes, and pixels are handed out in pieces, so that
no header makes ganterm reserve memory.
"""

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganterm.core.errors import DataError
from ganterm.data.progress import ProgressCallback, silent
from ganterm.data.streams import SourceFile, open_source, read_exactly

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIECE_BYTES = 4 << 20

_UBYTE = 0x08
_PARTS = {1: "labels", 3: "images"}


@dataclass(frozen=True)
class IdxFile:
    """An open IDX file of unsigned bytes, its header read and checked."""

    shape: tuple[int, ...]
    """(N,) for labels, (N, H, W) for images."""
    source: SourceFile

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.source.path

    def pieces(self) -> "Iterator[NDArray[np.uint8]]":
        """Yield the items in order, a few MiB at a time, each piece (n, *shape[1:]) uint8.

        The last piece is only given once the end of the file is checked. Raises DataError where
        the file is cut short, damaged, or goes on after what its header announced.
        """
        item = math.prod(self.shape[1:])
        at_once = max(1, PIECE_BYTES // item)
        for start in range(0, self.shape[0], at_once):
            items = min(at_once, self.shape[0] - start)
            block = read_exactly(self.source, items * item)
            if len(block) < items * item:
                raise DataError(
                    f"{self.path} is cut short: its header announces {self.shape[0]:,} items, it "
                    f"holds {start + len(block) // item:,}; copy or download it again."
                )
            if start + items == self.shape[0]:
                self._expect_end()
            yield np.frombuffer(block, dtype=np.uint8).reshape(items, *self.shape[1:])

    def _expect_end(self) -> None:
        # Reading on also makes gzip compare its own checksum.
        if self.source.read(1):
            raise DataError(
                f"{self.path} goes on after the {self.shape[0]:,} items that its header "
                "announces: it is damaged, get it again."
            )
        self.source.finish()


@contextmanager
def open_idx(path: Path, *, dims: int) -> Iterator[IdxFile]:
    """Open an IDX file of `dims` dimensions, 1 for labels and 3 for images, .gz or not.

    Raises DataError for anything else, and for a header the file cannot fulfil.
    """
    with open_source(path) as source:
        magic = read_exactly(source, 4)
        if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != _UBYTE:
            raise DataError(f"{path} is not an IDX file of bytes ({_guess(magic)}): get it again.")
        if magic[3] != dims:
            held = _PARTS.get(magic[3], f"{magic[3]}-dimensional data")
            raise DataError(
                f"{path} holds {held} where {_PARTS[dims]} are expected: "
                "check that the files were not renamed."
            )
        sizes = read_exactly(source, 4 * dims)
        if len(sizes) < 4 * dims:
            raise DataError(f"{path} ends inside its header: copy or download it again.")
        shape = struct.unpack(f">{dims}I", sizes)
        _check_sizes(shape, source)
        yield IdxFile(shape, source)


def _check_sizes(shape: tuple[int, ...], source: SourceFile) -> None:
    written = " x ".join(f"{size:,}" for size in shape)
    if 0 in shape:
        raise DataError(f"{source.path} is empty (its header says {written}): get it again.")
    if math.prod(shape) > source.most:
        raise DataError(
            f"{source.path} announces {written} bytes, which a file of {source.size:,} bytes "
            "cannot hold: it is damaged or cut short, get it again."
        )


def _guess(magic: bytes) -> str:
    if not magic:
        return "it is empty"
    if magic.lstrip()[:1] == b"<":
        return "it looks like a web page that was saved in its place"
    if magic == b"vers":
        return "it looks like a Git LFS pointer"
    return f"it begins with {magic.hex(' ')}"


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
