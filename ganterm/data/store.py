"""Stored datasets: one safetensors file a split, with tensors `images` and `labels`.

A file is written beside its place, piece by piece, synced and renamed, so a reader sees the whole
file or none; reading maps it into memory, so a dataset larger than the free memory still opens.
"""

import json
import os
import secrets
import shutil
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganterm.core.directory import sync_directory
from ganterm.core.errors import DataError
from ganterm.core.files import in_the_making, regular_path, remove_abandoned

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

PIECE = 16_384
"""Images that `StoredImages.pieces` maps at once: 12 MiB at 28x28."""
_UNFINISHED = ".tmp"


@dataclass(frozen=True)
class Staged:
    """A complete file beside its place, which `commit` moves there."""

    temporary: Path
    path: Path

    def commit(self) -> None:
        """Move the file to its place, for good; raises DataError where that cannot be."""
        try:
            self.temporary.replace(self.path)
            sync_directory(self.path.parent)
        except OSError as error:
            raise _not_stored(self.path.parent, error) from error


@contextmanager
def stage(
    path: Path,
    *,
    shape: tuple[int, int, int, int],
    images: "Iterable[NDArray[np.uint8]]",
    labels: "NDArray[np.int64]",
    metadata: Mapping[str, str],
) -> Iterator[Staged]:
    """Write a split beside `path`; nothing is left of it unless it is committed.

    `images` yields pieces that add up to `shape` (N, C, H, W); `labels` is (N,). Raises DataError,
    naming the directory, where it cannot be written or the disk has not enough room; errors that
    `images` raises pass through.
    """
    header = _header(shape, metadata)
    temporary: Path | None = None
    holding = ExitStack()
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_abandoned(path.parent.glob(f".*{_UNFINISHED}"))
            _check_room(path.parent, len(header) + labels.nbytes + shape[0] * _pixels(shape))
            temporary = path.with_name(f".{path.stem}-{secrets.token_hex(8)}{_UNFINISHED}")
            with temporary.open("xb") as file:
                holding.enter_context(in_the_making(temporary))
                file.write(header)
                file.write(labels.astype("<i8").data)
                for piece in images:
                    file.write(piece.data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _not_stored(path.parent, error) from error
        yield Staged(temporary, path)
    finally:
        holding.close()
        if temporary is not None:
            # One that cannot be removed goes with the next set that is stored.
            with suppress(OSError):
                temporary.unlink()


def _pixels(shape: tuple[int, int, int, int]) -> int:
    return shape[1] * shape[2] * shape[3]


def _header(shape: tuple[int, int, int, int], metadata: Mapping[str, str]) -> bytes:
    # Labels come first so that their 8-byte items stay aligned whatever the images take.
    labels_end = 8 * shape[0]
    images_end = labels_end + shape[0] * _pixels(shape)
    header = {
        "__metadata__": {"format": "ganterm-images", "version": "1", **metadata},
        "labels": {"dtype": "I64", "shape": shape[:1], "data_offsets": (0, labels_end)},
        "images": {"dtype": "U8", "shape": shape, "data_offsets": (labels_end, images_end)},
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _not_stored(directory: Path, error: OSError) -> DataError:
    return DataError(
        f"The dataset cannot be stored in {directory} ({error.strerror}): make room or set "
        "GANTERM_DATA_DIR to another directory."
    )


def _check_room(directory: Path, needed: int) -> None:
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise DataError(
            f"The dataset takes {needed >> 20:,} MiB and {directory} has {free >> 20:,} MiB free: "
            "make room or set GANTERM_DATA_DIR to another directory."
        )


class StoredImages:
    """One stored split.

    Raises DataError, naming the file, where it is missing, damaged or holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as file:
            self.metadata: dict[str, str] = file.metadata() or {}
            names = set(file.keys())
            if names != {"images", "labels"}:
                raise self._damaged(f"it holds {', '.join(sorted(names)) or 'nothing'}")
            described = {name: file.get_slice(name) for name in names}
            shape = tuple(described["images"].get_shape())
            kinds = (described["images"].get_dtype(), described["labels"].get_dtype())
            if len(shape) != 4 or 0 in shape or kinds != ("U8", "I64"):
                raise self._damaged("its tensors have another type or shape")
            self.shape: tuple[int, int, int, int] = (shape[0], shape[1], shape[2], shape[3])
            self.labels: Tensor = file.get_tensor("labels").clone()
        if self.labels.shape != shape[:1]:
            raise self._damaged("it has not as many labels as images")

    def images(self) -> "Tensor":
        """Give all images, uint8 (N, C, H, W), mapped from the file rather than read."""
        with self._open() as file:
            images: Tensor = file.get_tensor("images")
        return images

    def pieces(self) -> "Iterator[Tensor]":
        """Yield all images in pieces of uint8 (n, C, H, W).

        The file is mapped anew for each, so that pages already used do not pile up in memory.
        """
        for start in range(0, self.shape[0], PIECE):
            with self._open() as file:
                yield file.get_slice("images")[start : start + PIECE]

    @contextmanager
    def _open(self) -> "Iterator[Any]":
        import safetensors  # noqa: PLC0415 - imports torch

        try:
            with (
                regular_path(self.path) as path,
                safetensors.safe_open(path, framework="pt") as file,
            ):
                yield file
        except FileNotFoundError as error:
            raise DataError(f"{self.path} does not exist: import or fetch the dataset.") from error
        except (OSError, safetensors.SafetensorError) as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, why: str) -> DataError:
        return DataError(
            f"The stored dataset {self.path} is damaged ({why}): import or fetch it again."
        )
