"""What loading a dataset gives."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from ganterm.core.dataspec import DataSpec, Size
from ganterm.core.errors import DataError
from ganterm.data.listing import Original

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


def require_same(crc32: str, began: str, dataset: str, run: str) -> None:
    """Raise DataError unless the images of `dataset` have the checksum that `run` began with.

    One that is not known, an empty text, is that of any images.
    """
    if began not in {"", crc32}:
        raise DataError(
            f"The images in {dataset} are not those that {run} was trained on (checksum {crc32}, "
            f"not {began}): give the place of the same files, or go on with others in a new run "
            f"with `ganterm branch {run} --step N --dataset {dataset}`."
        )


def set_apart(images: Tensor, count: int, *, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Draw about `count` of images (N, C, H, W): indices of these, and of the others.

    Digests of their pixels draw them, both in random order, so that the same pictures are drawn
    whatever the files are called and however they are split. What is there twice is not divided: a
    few more than `count` may be drawn. Fewer that are drawn with a seed are among the more.
    """
    import numpy as np  # noqa: PLC0415 - faces look at datasets without either
    import torch  # noqa: PLC0415

    values = _digests(images, seed)
    order = np.argsort(values, kind="stable")
    values = values[order]
    cut = count
    while 0 < cut < len(values) and values[cut] == values[cut - 1]:
        cut += 1
    if cut == len(values):  # all that follow are one picture
        cut = count
    indices = torch.from_numpy(order)
    return indices[:cut], indices[cut:]


def held_out_of(images: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Return the indices of the share that a run leaves out, and of what it trains on, in order."""
    held, rest = set_apart(images, round(len(images) * share))
    return held.sort().values, rest.sort().values


def places_of(images: Tensor, among: Tensor) -> Tensor:
    """Return the index (N,) of each image among others, the same picture; -1 where it is not."""
    import torch  # noqa: PLC0415

    known = {value: place for place, value in enumerate(_digests(among).tolist())}
    return torch.tensor([known.get(value, -1) for value in _digests(images).tolist()])


def _digests(images: Tensor, seed: int = 0) -> NDArray[np.uint64]:
    """Return a digest (N,) of the pixels of each image."""
    import numpy as np  # noqa: PLC0415

    rows = images.contiguous().numpy().reshape(len(images), -1).view(np.uint8)
    key = seed.to_bytes(8, "big")
    found = b"".join(hashlib.blake2b(row.data, digest_size=8, key=key).digest() for row in rows)
    return np.frombuffer(found, dtype=">u8").astype(np.uint64)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A whole dataset in memory.

    `images` is uint8 of shape (N, C, H, W), contiguous, 0 to 255; `images / 127.5 - 1` is the
    [-1, 1] scaling the networks expect. `labels` is int64 of shape (N,), indices into `classes`,
    or None for images without labels. `notes` are sentences for the user about what was left out
    or changed; they may carry file names, so pass them through `safe_text` before a terminal.
    `original` says what they were made of, where that is known.
    """

    images: Tensor
    labels: Tensor | None
    name: str
    classes: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    original: Original | None = None

    def __len__(self) -> int:
        return int(self.images.shape[0])

    def picked(self, chosen: Tensor) -> ImageSet:
        """Return those of indices `chosen` (M,), in their order."""
        labels = None if self.labels is None else self.labels[chosen]
        return replace(self, images=self.images[chosen], labels=labels)

    def divided(self, share: float) -> tuple[ImageSet, ImageSet | None]:
        """Return what a run trains on that leaves out this share, and what it leaves out."""
        if not share:
            return self, None
        held_out, rest = held_out_of(self.images, share)
        return self.picked(rest), self.picked(held_out) if len(held_out) else None

    @cached_property
    def crc32(self) -> str:
        """Checksum of all pixels in turn, in hexadecimal; the journal of a run has it."""
        return f"{zlib.crc32(self.images.contiguous().numpy().data):08x}"

    @property
    def spec(self) -> DataSpec:
        """What one of them is, their classes and their count."""
        shape = tuple(self.images.shape[1:])
        if self.images.is_floating_point():
            found = DataSpec.point(shape[0], self.classes)
        else:
            found = DataSpec(kind="image", shape=shape, classes=self.classes)
        return msgspec.structs.replace(found, count=len(self))

    @property
    def channels(self) -> int:
        """C, 1 for grey and 3 for colour."""
        return int(self.images.shape[1])

    @property
    def size(self) -> Size:
        """Height and width of the images in pixels."""
        return Size(*self.images.shape[2:])
