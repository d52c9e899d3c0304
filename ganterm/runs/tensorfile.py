"""Reading safetensors files without torch: a header that may be hostile, and bytes by name.

The format: an unsigned 64-bit little-endian length, that many bytes of JSON (name to dtype, shape
and offsets, with strings under `__metadata__`), then the tensors' bytes without gap or overlap.
See https://huggingface.co/docs/safetensors.

Bytes are read, not mapped: a mapped file that is cut short by another process, or a bad sector
below it, kills the reader with SIGBUS, where a read fails with an error that names the file.
"""

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ganterm.core import jsontext
from ganterm.core.errors import DataError
from ganterm.core.files import open_regular, read_range

MAX_HEADER: Final = 1 << 23
"""Bytes of the longest header that is parsed; the largest run's is some hundred kilobytes."""

ITEM_SIZES: Final = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "U16": 2,
    "I16": 2,
    "F16": 2,
    "BF16": 2,
    "U32": 4,
    "I32": 4,
    "F32": 4,
    "U64": 8,
    "I64": 8,
    "F64": 8,
}
"""Bytes of one number of each dtype."""

_MAX_DIMENSIONS = 32
_CHUNK = 1 << 20


class CheckpointDamaged(DataError):  # noqa: N818 (named for what happened)
    """A checkpoint, or another safetensors file, is not whole or not what it says.

    Attributes:
        path: the file.
        reason: what is wrong with it, in a phrase.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be used: {reason}; choose another checkpoint, or copy this one anew "
            "from where it is whole"
        )
        self.path = path
        self.reason = reason


@dataclass(frozen=True)
class TensorInfo:
    """One tensor's place: `dtype` as safetensors names it, `begin` and `end` within the file."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class TensorHeader:
    """The header of a safetensors file, found to be sound.

    Attributes:
        metadata: the file's own words, strings by name.
        tensors: every tensor by name, in the order of their bytes.
    """

    metadata: dict[str, str]
    tensors: dict[str, TensorInfo]


class TensorFile:
    """An open safetensors file; a context manager.

    Raises:
        CheckpointDamaged: it cannot be read, or its header is not sound.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._descriptor = open_regular(path, follow=True)
        except OSError as error:
            raise CheckpointDamaged(path, f"it cannot be read ({error.strerror})") from error
        try:
            self.header = self._read_header()
        except BaseException:
            os.close(self._descriptor)
            raise

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a tensor, little-endian and row-major, a bounded part at a time.

        Raises:
            CheckpointDamaged: there is no such tensor, or the file ends before it does.
        """
        info = self.header.tensors.get(name)
        if info is None:
            raise CheckpointDamaged(self.path, f"it has no tensor {name[:100]!r}")
        for begin in range(info.begin, info.end, _CHUNK):
            yield self._read(begin, min(_CHUNK, info.end - begin))

    def __enter__(self) -> "TensorFile":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def _read(self, begin: int, length: int) -> bytes:
        try:
            data = read_range(self._descriptor, begin, length)
        except OSError as error:
            raise CheckpointDamaged(self.path, f"it cannot be read ({error.strerror})") from error
        if len(data) < length:
            raise CheckpointDamaged(self.path, "it ends too early")
        return data

    def _read_header(self) -> TensorHeader:
        size = os.fstat(self._descriptor).st_size
        (length,) = struct.unpack("<Q", self._read(0, 8))
        if length > min(MAX_HEADER, size - 8):
            raise CheckpointDamaged(
                self.path, f"its header claims {length} bytes of a file of {size}"
            )
        text = self._read(8, length)
        try:
            return parse_header(text, size)
        except ValueError as error:
            raise CheckpointDamaged(self.path, f"its header is not sound ({error})") from None


def parse_header(text: bytes, file_size: int) -> TensorHeader:
    """Parse the JSON of a header of a file of `file_size` bytes.

    Raises:
        ValueError: it is not JSON, or its tensors do not fill the file exactly.
    """
    entries = jsontext.parse_object(text)
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(
        isinstance(value, str) for value in metadata.values()
    ):
        raise ValueError("its metadata is not made of strings")
    start = 8 + len(text)
    found = {name: _parse_tensor(name, entry, start) for name, entry in entries.items()}
    tensors = dict(sorted(found.items(), key=lambda item: (item[1].begin, item[1].end)))
    end = start
    for name, info in tensors.items():
        if info.begin != end:
            raise ValueError(f"{name[:100]!r} overlaps another tensor or leaves a gap")
        end = info.end
    if end != file_size:
        raise ValueError(f"its tensors end at byte {end} of {file_size}")
    return TensorHeader(metadata, tensors)


def _parse_tensor(name: str, entry: Any, start: int) -> TensorInfo:
    label = repr(name[:100])
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{label} is not described by dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in ITEM_SIZES:
        raise ValueError(f"{label} has the unknown dtype {str(dtype)[:40]!r}")
    if not _are_counts(shape, _MAX_DIMENSIONS):
        raise ValueError(f"{label} has no proper shape")
    if not _are_counts(offsets, 2) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise ValueError(f"{label} has no proper offsets")
    begin, end = offsets
    if math.prod(shape) * ITEM_SIZES[dtype] != end - begin:
        raise ValueError(f"{label} has not as many bytes as its shape needs")
    return TensorInfo(dtype, tuple(shape), start + begin, start + end)


def _are_counts(value: Any, at_most: int) -> bool:
    return isinstance(value, list) and len(value) <= at_most and all(map(jsontext.is_count, value))
