"""Pictures in rows, those of NumPy's arrays above all.

They are listed as an archive would be, with a folder for each split, and in it one for each class.
Nothing is unpickled, and no size is believed before the file is seen to hold as much.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.lib import format as npy

from ganterm.core.errors import DataError
from ganterm.core.files import regular_path
from ganterm.data.archive import MOST_ENTRIES, Container
from ganterm.data.labels import in_order
from ganterm.data.locate import MAX_BYTES
from ganterm.data.streams import most_of, too_packed
from ganterm.render.open import MAGIC, MAX_HEADER, as_images, as_levels, mapped_array, value_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IMAGES: Final = {
    "train": ("train_images", "x_train"),
    "test": ("test_images", "x_test"),
    "val": ("val_images", "x_val"),
}
_LABELS: Final = {
    "train": ("train_labels", "y_train"),
    "test": ("test_labels", "y_test"),
    "val": ("val_labels", "y_val"),
}
"""What the arrays of splits are called in an .npz file, in lower case."""
_USUAL: Final = ("images", "arr_0", "x", "samples")
_USUAL_LABELS: Final = ("labels", "label", "y", "arr_1")
"""Names of the arrays where there are no splits, the usual one first."""
PIECE: Final = 4096
_MOST_NOTES: Final = 8


class Rows(Container):
    """Pictures that have a number and perhaps the name of a class, in one or several splits."""

    def __init__(self, root: Path, files: Sequence[Path], splits: Sequence[str]) -> None:
        super().__init__(root, files)
        self.entered[root] = ([], [root / split for split in splits])

    def entries(self, folder: Path) -> tuple[list[Path], list[Path]]:
        """Give the rows and the classes of `folder`, a split or a class, in their order."""
        if folder not in self.entered:
            labels, order = self.labels(folder.name)
            if len(labels) > MOST_ENTRIES:
                raise DataError(f"{self.root} has more than {MOST_ENTRIES:,} rows; give a part.")
            places = {name: folder / _as_folder(name) for name in order}
            self.entered[folder] = ([], list(dict.fromkeys(places.values())))
            for place in self.entered[folder][1]:
                self.entered[place] = ([], [])
            for number, label in enumerate(labels):
                place = folder if label is None else places[label]
                self.entered[place][0].append(place / f"{number:08}")
        return self.entered[folder]

    def is_image(self, path: Path) -> bool:
        """Say that every row is one."""
        return True

    def contents(self, wanted: Mapping[Path, int]) -> Iterator[tuple[int, IO[bytes]]]:
        """Yield the rows `wanted`, each with its number, in the order they lie in."""
        by_split: dict[str, dict[int, int]] = {}
        for path, number in wanted.items():
            split = path.relative_to(self.root).parts[0]
            by_split.setdefault(split, {})[int(path.name)] = number
        for split, numbers in by_split.items():
            for row, data in self.pictures(split, sorted(numbers)):
                yield numbers[row], io.BytesIO(data)

    @abstractmethod
    def labels(self, split: str) -> tuple[Sequence[str | None], Sequence[str]]:
        """Return the name of the class of each row, None for none, and all names in order."""

    @abstractmethod
    def pictures(self, split: str, rows: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Yield the files of the pictures in these rows, which are in order."""


def _as_folder(name: str) -> str:
    """Return the name of a class as that of a folder."""
    safe = re.sub(r"[/\0]", "_", name)
    return f"_{safe}" if not safe.strip(".") else safe


@dataclass(frozen=True)
class _Entry:
    """An open array in an .npz file, its header read: `start` is that of the header in the file."""

    path: Path
    file: IO[bytes]
    shape: tuple[int, ...]
    kind: np.dtype[Any]
    order: Literal["F", "C"]
    packed: bool
    start: int


class ArrayFile:
    """The arrays of numbers in a .npy file, which has one without a name, or in an .npz file.

    Raises DataError for a file that is neither, or unpacks to more than images do.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: tuple[str, ...] = ("",)
        if is_npy(path):
            return
        try:
            with zipfile.ZipFile(path) as archive:
                entries = [e for e in archive.infolist() if e.filename.endswith(".npy")]
        except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
            raise self._damaged() from None
        size = path.stat().st_size
        packed = sum(e.file_size for e in entries if e.compress_type != zipfile.ZIP_STORED)
        if packed > most_of(size):
            raise DataError(f"{path} {too_packed(size)}.")
        if packed > MAX_BYTES:
            raise DataError(
                f"{path} holds more than {MAX_BYTES >> 30} GiB; give a part of it, or save it by "
                "`numpy.savez`, which does not pack it."
            )
        if not entries:
            raise self._damaged()
        self.names = tuple(entry.filename.removesuffix(".npy") for entry in entries)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array, by its header."""
        if not name:
            return mapped_array(self.path).shape
        with self._entry(name) as found:
            return found.shape

    def array(self, name: str) -> NDArray[Any]:
        """Return an array; what is not packed is mapped into memory."""
        if not name:
            return mapped_array(self.path)
        with self._entry(name) as found:
            if found.packed:
                values = np.frombuffer(found.file.read(), found.kind, math.prod(found.shape))
                return values.reshape(found.shape, order=found.order)
            start = found.start + found.file.tell()
            return np.memmap(found.path, found.kind, "r", start, found.shape, found.order)

    @contextmanager
    def _entry(self, name: str) -> Iterator[_Entry]:
        try:
            with regular_path(self.path) as path, zipfile.ZipFile(path) as archive:
                info = archive.getinfo(f"{name}.npy")
                with archive.open(info) as file:
                    shape, by_columns, kind = _header(file)
                    size = math.prod(shape) * kind.itemsize
                    if kind.kind not in "biufUS" or size != info.file_size - file.tell():
                        raise ValueError(name)
                    packed = info.compress_type != zipfile.ZIP_STORED
                    start = 0 if packed else _start_of(path, info)
                    order: Literal["F", "C"] = "F" if by_columns else "C"
                    yield _Entry(path, file, shape, kind, order, packed, start)
        except Exception:  # noqa: BLE001 - damaged files make zipfile and NumPy raise nearly anything
            raise self._damaged() from None

    def _damaged(self) -> DataError:
        return DataError(f"{self.path} cannot be read: it is damaged, or no .npz of numbers.")


def is_npy(path: Path) -> bool:
    """Say whether a file is one array as NumPy saves it."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
    shape, by_columns, kind = read(file, max_header_size=MAX_HEADER)
    return shape, by_columns, kind


def _start_of(path: Path, entry: zipfile.ZipInfo) -> int:
    """Return where the content of an entry begins in its zip."""
    with path.open("rb") as file:
        file.seek(entry.header_offset + 26)
        name, extra = struct.unpack("<HH", file.read(4))
    return entry.header_offset + 30 + int(name) + int(extra)


def image_arrays(held: ArrayFile) -> dict[str, tuple[str, str]]:
    """Return the names of the images and of their labels, by split; labels may have none.

    Raises DataError where no array is known by its name among several.
    """
    if held.names == ("",):
        return {"train": ("", "")}
    called = {name.lower(): name for name in reversed(held.names)}

    def first(names: Sequence[str]) -> str:
        return next((called[name] for name in names if name in called), "")

    found = {
        split: (first(names), first(_LABELS[split]))
        for split, names in _IMAGES.items()
        if first(names)
    }
    if found:
        return found
    images = first(_USUAL) or (held.names[0] if len(held.names) == 1 else "")
    if not images:
        raise DataError(
            f"{held.path} holds the arrays {', '.join(held.names[:6])}: save the images as a .npy "
            f"file, or name their array {_USUAL[0]}."
        )
    return {"train": (images, first([name for name in _USUAL_LABELS if name != images.lower()]))}


def as_pictures(
    arrays: Sequence[NDArray[Any]], path: Path
) -> tuple[list[NDArray[Any]], tuple[float, float]]:
    """Return arrays as images (N, H, W, C), and the least and the greatest value in all of them.

    Raises DataError where they are none.
    """
    try:
        images = [as_images(array) for array in arrays]
        spans = [
            value_range(each[start : start + PIECE])
            for each in images
            for start in range(0, len(each), PIECE)
        ]
        span = min(low for low, _ in spans), max(high for _, high in spans)
        for each in images:
            as_levels(each[:1], span)
    except ValueError as error:
        raise DataError(f"{path} holds no images: {error}.") from None
    return images, span


class Arrays(Rows):
    """The images of a .npy or .npz file; what it names as labels are classes."""

    form = "from an array"

    def __init__(self, root: Path) -> None:
        self._held = ArrayFile(root)
        self._names = image_arrays(self._held)
        self._span: tuple[float, float] | None = None
        super().__init__(root, [root], tuple(self._names))
        if "notes" in self._held.names and (told := self._held.array("notes")).dtype.kind == "U":
            self.notes += told.reshape(-1)[:_MOST_NOTES].tolist()

    def labels(self, split: str) -> tuple[Sequence[str | None], Sequence[str]]:
        """Return the labels, as text, where there is one for each image and some are the same."""
        images, labels = self._names[split]
        shape = self._held.shape(images)
        as_one = np.broadcast_to(np.zeros((), np.uint8), shape)
        count = len(as_pictures([as_one], self.root)[0][0])
        if count == 1 and len(shape) < 4:
            raise DataError(
                f"{self.root} holds one image of shape {shape}, or rows that are none: save images "
                "as (N, H, W), (N, H, W, C) or (N, C, H, W)."
            )
        if labels:
            found = self._held.array(labels)
            if found.size == count and found.dtype.kind in "biuU":
                names = [str(label) for label in found.reshape(-1).tolist()]
                if len(order := sorted(set(names), key=in_order)) < count:
                    return names, order
            self.notes.append(f"{labels} has no class for each image, so there are none.")
        return [None] * count, []

    def pictures(self, split: str, rows: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Yield rows as the plainest of image files; levels are told by all of them together."""
        own = self._held.array(self._names[split][0])
        (images,), span = as_pictures([own], self.root)
        if own.dtype != np.uint8:
            if self._span is None:
                self._span = self._span_of_all()
            span = self._span
        for row in rows:
            yield row, _as_file(as_levels(images[row], span))

    def _span_of_all(self) -> tuple[float, float]:
        arrays = [self._held.array(images) for images, _ in self._names.values()]
        low, high = span = as_pictures(arrays, self.root)[1]
        if any(array.dtype.kind == "f" for array in arrays):
            self.notes.append(f"Levels are floating-point, from {low:.4g} to {high:.4g}.")
        return span


def _as_file(pixels: NDArray[np.uint8]) -> bytes:
    """Return an image (H, W, C) as PGM, PPM or, with transparency, TGA."""
    height, width, channels = pixels.shape
    if channels == 4:
        head = struct.pack("<2xB9xHHBB", 2, width, height, 32, 0x28)
        return head + pixels[..., [2, 1, 0, 3]].tobytes()
    return b"P%d %d %d 255\n" % (5 if channels == 1 else 6, width, height) + pixels.tobytes()
