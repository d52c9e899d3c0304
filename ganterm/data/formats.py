"""The formats that datasets are published in.

IDX, of MNIST and its relatives, is a magic number, the dimensions, then plain bytes; libsvm's text,
of USPS, one `label index:value ...` line an image. CIFAR are pickled dictionaries, of which nothing
but arrays and lists is made; SVHN are files of MATLAB, and STL-10 plain bytes, column by column.
Headers are not believed: a size is only accepted when the file can really hold that many bytes,
and pixels are handed out in pieces, so that no header makes ganterm reserve memory.
"""

import io
import math
import pickle
import pickletools
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from ganterm.core.errors import DataError
from ganterm.data.progress import ProgressCallback, silent
from ganterm.data.streams import SourceFile, most_of, open_source, read_exactly

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


@dataclass(frozen=True)
class PublishedSamples:
    """One split as it is published: pieces (n, C, H, W) uint8 of `shape`, and labels (N,)."""

    shape: tuple[int, int, int, int]
    images: "Iterable[NDArray[np.uint8]]"
    labels: "NDArray[np.int64]"
    """As published; zeros of images without any."""


def read_usps(
    sources: Sequence[SourceFile], *, expected: int, progress: ProgressCallback = silent
) -> PublishedSamples:
    """Read the one file of a split of USPS to its end: images (N, 1, 16, 16), labels from 1.

    Grey levels [-1, 1] become 0 to 255 just as torchvision makes them. `expected` is the
    published count, for the progress. Raises DataError naming the line that is wrong.
    """
    (source,) = sources
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
    return _whole([images], np.asarray(labels, dtype=np.int64))


def _whole(images: "list[NDArray[np.uint8]]", labels: "NDArray[np.int64]") -> PublishedSamples:
    count = sum(map(len, images))
    _, channels, height, width = images[0].shape
    return PublishedSamples((count, channels, height, width), images, labels)


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


MAX_PICKLE = 256 << 20
"""Bytes; the largest of CIFAR's takes 155 MB."""
_CIFAR_SIDE = 32


def read_cifar(
    sources: Sequence[SourceFile], *, expected: int, progress: ProgressCallback = silent
) -> PublishedSamples:
    """Read the batches of CIFAR-10, or the file of CIFAR-100 with its fine labels.

    Images (N, 3, 32, 32). Raises DataError for a file that is no such batch; nothing that it names
    is imported or run.
    """
    images: list[NDArray[np.uint8]] = []
    labels: list[NDArray[np.int64]] = []
    done = 0
    for source in sources:
        batch = _unpickled(source)
        try:
            data = batch[b"data"].array
            found = batch[b"fine_labels"] if b"fine_labels" in batch else batch[b"labels"]
            if data.shape != (len(found), 3 * _CIFAR_SIDE**2):
                raise ValueError(data.shape)
            labels.append(np.fromiter(found, dtype=np.int64, count=len(found)))
        except (KeyError, AttributeError, TypeError, ValueError, OverflowError) as error:
            raise DataError(
                f"{source.path} is not a batch of CIFAR: check that it is the right file."
            ) from error
        images.append(data.reshape(-1, 3, _CIFAR_SIDE, _CIFAR_SIDE))
        done += len(data)
        progress(f"reading {source.path.name}", done, expected, "images")
    if not done:
        raise DataError(f"{sources[0].path} holds no images: get it again.")
    return _whole(images, np.concatenate(labels))


class _Bytes:
    """An array of bytes as a pickle tells it: its shape, whether columns come first, its bytes.

    NumPy itself makes nothing of it: it believes the types that a pickle makes up.
    """

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, by_columns, data = state
        if not isinstance(dtype, _Byte) or not isinstance(data, bytes):
            raise pickle.UnpicklingError("it has an array of other things than bytes")
        order: Literal["F", "C"] = "F" if by_columns else "C"
        self.array = np.frombuffer(data, dtype=np.uint8).reshape(shape, order=order)


class _Byte:
    """The type of these; what a pickle says of it besides is passed over."""

    def __init__(self, name: object, *_: object) -> None:
        if name not in {"u1", b"u1"}:
            raise pickle.UnpicklingError(f"it has an array of {name!r}")

    def __setstate__(self, _: object) -> None:
        pass


class _Inert(pickle.Unpickler):
    """Makes of a pickle what it may be made of without running anything: arrays of bytes too."""

    def find_class(self, module: str, name: str) -> Any:
        known = {"_reconstruct": lambda *_: _Bytes(), "ndarray": None, "dtype": _Byte}
        if module.split(".", maxsplit=1)[0] == "numpy" and name in known:
            return known[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _unpickled(source: SourceFile) -> Any:
    if source.most > MAX_PICKLE and source.compression == "none":
        raise DataError(f"{source.path} is larger than any batch of CIFAR.")
    data = read_exactly(source, MAX_PICKLE)
    source.finish()
    try:
        _check_memo(data)
        found = _Inert(io.BytesIO(data), encoding="bytes").load()
    except Exception as error:
        # Damaged bytes raise nearly anything in an unpickler.
        raise DataError(f"{source.path} is no batch of CIFAR ({error}): get it again.") from error
    return found if isinstance(found, dict) else {}


def _check_memo(data: bytes) -> None:
    """Raise UnpicklingError for a number of the memo, of which all below take memory, out of turn.

    Whoever writes a pickle counts what it keeps, so that no number is above that of its opcodes.
    """
    for place, (opcode, number, _) in enumerate(pickletools.genops(data)):
        if opcode.name in _PUTS and (number or 0) > place:
            raise pickle.UnpicklingError(f"it keeps its opcode {place} as number {number:,}")


_PUTS: Final = ("PUT", "BINPUT", "LONG_BINPUT")


def read_mat(
    sources: Sequence[SourceFile], *, expected: int, progress: ProgressCallback = silent
) -> PublishedSamples:
    """Read a file of SVHN: images (N, 3, 32, 32), labels 0 to 9, of which 10 is published for 0.

    Raises DataError for a file of MATLAB that holds anything else, or is none.
    """
    from scipy.io import loadmat, whosmat  # noqa: PLC0415 - slow, and for these files alone

    (source,) = sources
    data = read_exactly(source, MAX_BYTES)
    source.finish()
    progress(f"reading {source.path.name}", 0, expected, "images")
    try:
        held = {name: (tuple(shape), kind) for name, shape, kind in whosmat(io.BytesIO(data))}
        (height, width, channels, count), kind = held["X"]
        if kind != "uint8" or held["y"][0] != (count, 1) or channels != 3:
            raise ValueError(held)
        if math.prod(held["X"][0]) > most_of(source.size):
            raise ValueError(held)
        found = loadmat(io.BytesIO(data), variable_names=["X", "y"])
        images, labels = found["X"], found["y"].astype(np.int64)
        images = np.ascontiguousarray(images.transpose(3, 2, 0, 1)).reshape(-1, 3, height, width)
    except Exception as error:
        # Damaged bytes raise nearly anything there.
        raise DataError(
            f"{source.path} does not hold SVHN's X and y: check that it is the right file."
        ) from error
    progress(f"reading {source.path.name}", count, expected, "images")
    return _whole([images], labels.reshape(-1) % 10)


_STL_SHAPE = (3, 96, 96)


def read_stl(
    sources: Sequence[SourceFile], *, expected: int, progress: ProgressCallback = silent
) -> PublishedSamples:
    """Read the images (N, 3, 96, 96) of STL-10, and their labels from 1 where they have a file.

    Raises DataError where the two do not belong together, or a file holds no whole images.
    """
    source, *with_labels = sources
    item = math.prod(_STL_SHAPE)
    if source.compression != "none" or not source.size or source.size % item:
        raise DataError(f"{source.path} holds no whole images of 96x96 pixels: get it again.")
    count = source.size // item
    labels = np.zeros(count, dtype=np.int64)
    for each in with_labels:
        labels = np.frombuffer(read_exactly(each, count + 1), dtype=np.uint8).astype(np.int64)
        each.finish()
        if len(labels) != count:
            raise DataError(
                f"{source.path} holds {count:,} images but {each.path} {len(labels):,} labels: "
                "they do not belong together."
            )

    def pieces() -> "Iterator[NDArray[np.uint8]]":
        at_once = PIECE_BYTES // item
        for start in range(0, count, at_once):
            block = read_exactly(source, min(at_once, count - start) * item)
            columns = np.frombuffer(block, dtype=np.uint8).reshape(-1, *_STL_SHAPE)
            progress(f"reading {source.path.name}", start + len(columns), count, "images")
            yield np.ascontiguousarray(columns.transpose(0, 1, 3, 2))
        source.finish()

    return PublishedSamples((count, *_STL_SHAPE), pieces(), labels)


READERS: "Final[dict[str, Callable[..., PublishedSamples]]]" = {
    "libsvm": read_usps,
    "cifar": read_cifar,
    "mat": read_mat,
    "stl": read_stl,
}
"""What reads the open files of a split, by the format of the dataset."""
