"""A folder of image files as one tensor."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import torch

from ganterm.data.decode import UnreadableImageError, decode_image, image_shape
from ganterm.data.geometry import Fit
from ganterm.data.images import ImageSet
from ganterm.data.listing import Listing, list_images
from ganterm.data.progress import Progress, silent
from ganterm.errors import DataError

BATCH = 256
"""Files handed to the decoding threads at once."""
MAX_OWN_SIZE = 256
"""The largest side in pixels that a folder gets when no size is asked for."""
_NAMED = 3
"""How many skipped files a note names."""


def load_folder(
    folder: Path,
    *,
    split: str = "train",
    image_size: int | None = None,
    channels: int | None = None,
    fit: Fit = "auto",
    progress: Progress = silent,
) -> ImageSet:
    """Load every image under `folder`; sub-folders are classes.

    Without `image_size` the longer side of the first readable image is taken, 256 at most;
    without `channels` that image says whether the set is grey or colour. Files that cannot be
    read are left out, counted and named in the notes. Raises DataError where none can be read.
    """
    listing = list_images(folder, split)
    if image_size is None or channels is None:
        own_channels, own_size = _own_shape(listing)
        image_size = image_size or own_size
        channels = channels or own_channels
    paths = listing.paths
    images = torch.empty((len(paths), channels, image_size, image_size), dtype=torch.uint8)
    kept: list[int] = []
    broken: list[str] = []
    decode = partial(_decode, image_size=image_size, channels=channels, fit=fit)
    # Pillow decodes outside the interpreter lock, so threads are enough.
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as threads:
        for start in range(0, len(paths), BATCH):
            batch = range(start, min(start + BATCH, len(paths)))
            decoded = threads.map(decode, paths[batch.start : batch.stop])
            for index, result in zip(batch, decoded, strict=True):
                if isinstance(result, UnreadableImageError):
                    broken.append(f"{_name(paths[index], folder)} ({result})")
                else:
                    images[len(kept)] = result
                    kept.append(index)
            progress(f"reading {folder.name}", batch.stop, len(paths), "images")
    if not kept:
        raise _nothing_readable(folder, broken)
    labels = torch.tensor([listing.labels[i] for i in kept]) if listing.classes else None
    return ImageSet(
        images[: len(kept)],
        labels,
        name=folder.name or str(folder),
        classes=tuple(listing.classes),
        notes=_notes(listing, broken),
    )


def _decode(
    path: Path, *, image_size: int, channels: int, fit: Fit
) -> torch.Tensor | UnreadableImageError:
    try:
        pixels = decode_image(path, image_size=image_size, channels=channels, fit=fit)
    except UnreadableImageError as error:
        return error
    return torch.from_numpy(pixels)


def _own_shape(listing: Listing) -> tuple[int, int]:
    broken: list[str] = []
    for path in listing.paths:
        try:
            channels, height, width = image_shape(path)
        except UnreadableImageError as error:
            broken.append(f"{path.name} ({error})")
        else:
            return channels, min(max(height, width), MAX_OWN_SIZE)
    raise _nothing_readable(listing.paths[0].parent, broken)


def _nothing_readable(folder: Path, broken: list[str]) -> DataError:
    return DataError(f"{folder}: none of its {_some(broken)} can be read as an image.")


def _name(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder))


def _notes(listing: Listing, broken: list[str]) -> list[str]:
    notes = []
    if broken:
        notes.append(f"Skipped of {len(listing.paths):,} images: {_some(broken)}.")
    if listing.others:
        notes.append(f"Left out, not images: {_some(listing.others)}.")
    if listing.outside:
        notes.append(f"Left out, beside the class folders and in none: {_some(listing.outside)}.")
    return notes


def _some(names: Iterable[str]) -> str:
    """Count `names` and show the first few."""
    names = list(names)
    shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return f"{len(names):,} {'file' if len(names) == 1 else 'files'} ({shown})"
