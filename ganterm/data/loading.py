"""Loading any dataset by name, in the shape that is asked for."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
import torch

from ganterm.config import RunConfig
from ganterm.config.recorded import where_images_are
from ganterm.data.catalogue import (
    RING,
    SPLITS,
    DatasetInfo,
    anchored,
    check_split,
    dataset_info,
    folder_of,
    is_available,
    require_folder,
    stored_path,
)
from ganterm.data.embedded import load_digits
from ganterm.data.fit import check_shape, fit_images, in_pieces
from ganterm.data.folder import load_folder
from ganterm.data.geometry import Fit, check_fit
from ganterm.data.images import ImageSet, Original, require_same
from ganterm.data.listing import splits_of
from ganterm.data.points import CENTRES, load_ring
from ganterm.data.progress import Progress, silent
from ganterm.data.store import StoredImages
from ganterm.errors import DataError


def load_images(
    name: str,
    *,
    split: str = "train",
    image_size: int | None = None,
    channels: int | None = 1,
    fit: Fit = "auto",
    progress: Progress = silent,
) -> ImageSet:
    """Do what `ganterm.data.load` says."""
    if name == RING:
        # Points have neither a size nor splits to choose from.
        points, modes = load_ring()
        return ImageSet(points, modes, name=RING, classes=tuple(map(str, CENTRES)))
    check_shape(image_size, channels)
    check_fit(fit)
    if split == "all":
        parts = [
            load_images(
                name,
                split=part,
                image_size=image_size,
                channels=channels,
                fit=fit,
                progress=progress,
            )
            for part in _splits_of(name)
        ]
        return _joined(parts)
    if (folder := folder_of(name)) is not None:
        return load_folder(
            folder,
            split=split,
            image_size=image_size,
            channels=channels,
            fit=fit,
            progress=progress,
        )
    info = dataset_info(name)
    check_split(info, split)
    if not is_available(info.name, split):
        raise DataError(
            f"The {split} split of {info.name} is not on this machine: run "
            f"`ganterm data fetch {info.name}`, or `ganterm data import {info.name} PATH` with "
            "files from elsewhere."
        )
    refit = partial(
        fit_images,
        image_size=image_size or info.image_size,
        channels=channels or info.channels,
        fit=fit,
        progress=progress,
    )
    as_it_is = image_size in (None, info.image_size) and channels in (None, info.channels)
    if info.embedded:
        pixels, classes = load_digits()
        images, labels = torch.from_numpy(pixels), torch.from_numpy(classes)
        if not as_it_is:
            images = refit(in_pieces(images), len(images))
    else:
        stored = _open_stored(info, split)
        labels = stored.labels
        if as_it_is:
            images = stored.images()
        else:
            pieces = (part for piece in stored.pieces() for part in in_pieces(piece))
            images = refit(pieces, stored.shape[0])
    original = Original(info.image_size, info.image_size, info.channels > 1)
    return ImageSet(images, labels, name=info.name, classes=info.classes, original=original)


def relocated(config: RunConfig, path: Path, place: str | None = None) -> RunConfig:
    """Return the configuration of the checkpoint at `path` with its images where they are now.

    That is where its run last had them, or `place`, whose images must be the same.

    Raises DataError where that folder is not there, or holds other images; else as `load`.
    """
    latest, began = where_images_are(path, config)
    if place is None:
        require_folder(latest)
        return msgspec.structs.replace(config, dataset=latest)
    moved = msgspec.structs.replace(config, dataset=anchored(place))
    images = load_images(
        moved.dataset,
        split=moved.split,
        image_size=moved.image_size,
        channels=moved.channels,
        fit=moved.fit,
    )
    require_same(images.crc32, began, moved.dataset, path.absolute().parent.parent.name)
    return moved


def _splits_of(name: str) -> tuple[str, ...]:
    folder = folder_of(name)
    if folder is None:
        return dataset_info(name).splits
    # A folder that has no splits is all training images.
    return tuple(splits_of(folder)) or SPLITS[:1]


def _joined(parts: Sequence[ImageSet]) -> ImageSet:
    """Put the splits of one dataset together, their classes by name."""
    if len(parts) == 1:
        return parts[0]
    sizes = {part.images.shape[1:] for part in parts}
    if len(sizes) > 1:
        raise DataError(
            f"The splits of {parts[0].name} hold images of different sizes: set image_size."
        )
    classes = tuple(dict.fromkeys(name for part in parts for name in part.classes))
    labels = [
        torch.tensor([classes.index(name) for name in part.classes])[part.labels]
        for part in parts
        if part.labels is not None
    ]
    return ImageSet(
        torch.cat([part.images for part in parts]),
        torch.cat(labels) if len(labels) == len(parts) else None,
        name=parts[0].name,
        classes=classes,
        notes=[note for part in parts for note in part.notes],
        original=parts[0].original,
    )


def _open_stored(info: DatasetInfo, split: str) -> StoredImages:
    stored = StoredImages(stored_path(info.name, split))
    if stored.shape[1:] != (info.channels, info.image_size, info.image_size):
        raise DataError(f"{stored.path} holds images of another shape: import {info.name} again.")
    if stored.labels.min() < 0 or stored.labels.max() >= len(info.classes):
        raise DataError(f"{stored.path} holds labels out of range: import {info.name} again.")
    return stored
