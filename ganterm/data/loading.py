"""Loading any dataset by name, in the shape that is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import torch

from ganterm.components.datasets import DATASETS, Dataset, Fit, PublishedDataset, Samples
from ganterm.config import RunConfig
from ganterm.config.recorded import where_images_are
from ganterm.core.dataspec import DataSpec, ImageSize
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.registry import is_reference, short
from ganterm.data.catalogue import (
    anchored,
    check_split,
    dataset_facts,
    is_available,
    require_folder,
    stored_path,
)
from ganterm.data.fit import check_shape, fit_images, in_pieces
from ganterm.data.folder import load_folder
from ganterm.data.geometry import check_fit
from ganterm.data.images import ImageSet, require_same
from ganterm.data.listing import Original
from ganterm.data.progress import TOLD, ProgressCallback, silent
from ganterm.data.store import StoredImages


def load(
    name: str,
    *,
    split: str = "train",
    image_size: ImageSize | None = None,
    channels: int | None = 1,
    fit: Fit = "auto",
    background: str = "auto",
    progress: ProgressCallback = silent,
) -> ImageSet:
    """Load a split of a dataset by its name, or a folder of images by its path.

    `split` is train, test, or all for both. The images come as uint8 (N, channels, H, W) of
    `image_size`, fitted as `fit` says, what is transparent over `background`; None for either
    keeps the dataset's own. Of four channels colours are multiplied by alpha. Points are float32
    (N, D, 1, 1), and have neither size nor channels to choose.

    Raises ConfigError for a name, split or size that makes no sense, and DataError for a dataset
    that is not here yet, is damaged or holds no readable image.
    """
    check_shape(image_size, channels)
    check_fit(fit)
    dataset_facts(name)
    token = TOLD.set(progress)
    try:
        dataset = DATASETS.resolve(name)
    finally:
        TOLD.reset(token)
    if split == "all":
        of = partial(
            load,
            name,
            image_size=image_size,
            channels=channels,
            fit=fit,
            background=background,
            progress=progress,
        )
        return _joined([of(split=part) for part in dataset.splits])
    if is_reference(name) or not dataset.path:
        check_split(dataset, split)
    if dataset.path:
        found = load_folder(
            Path(dataset.path),
            split=split,
            image_size=image_size,
            channels=channels,
            fit=fit,
            background=background,
            progress=progress,
        )
        return replace(found, name=short(name)) if is_reference(name) else found
    called, spec = short(name), dataset.spec
    if not is_available(name, split):
        raise DataError(
            f"The {split} split of {called} is not on this machine: run "
            f"`ganterm data fetch {called}`, or `ganterm data import {called} PATH` with "
            "files from elsewhere."
        )
    refit = partial(
        fit_images,
        image_size=image_size or spec.size.setting,
        channels=channels or spec.channels,
        fit=fit,
        progress=progress,
    )
    as_it_is = spec.is_points or (
        image_size in (None, spec.size.setting) and channels in (None, spec.channels)
    )
    labels: torch.Tensor | None
    if not isinstance(dataset, PublishedDataset):
        images, labels = loaded(called, spec, _samples(called, dataset, split))
        if not as_it_is:
            images = refit(in_pieces(images), len(images))
    else:
        stored = _open_stored(dataset, split)
        labels = stored.labels if spec.classes else None
        if as_it_is:
            images = stored.images()
        else:
            pieces = (part for piece in stored.pieces() for part in in_pieces(piece))
            images = refit(pieces, stored.shape[0])
    original = None
    if not spec.is_points:
        original = Original(spec.size.width, spec.size.height, spec.channels > 1)
    return ImageSet(images, labels, name=called, classes=spec.classes, original=original)


def load_for(
    config: RunConfig, *, split: str = "", progress: ProgressCallback = silent
) -> ImageSet:
    """Load the images of a run, or another `split` of its dataset, as it trains on them.

    Raises as `load`.
    """
    return load(
        config.dataset,
        split=split or config.split,
        image_size=config.image_size,
        channels=config.channels,
        fit=config.fit,
        background=config.background,
        progress=progress,
    )


def loaded(name: str, spec: DataSpec, samples: Samples) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the samples that a dataset's own code gives as tensors (N, C, H, W) and labels (N,).

    Raises DataError where they are not what `spec` says.
    """
    found, classes = samples
    images = torch.as_tensor(found)
    labels = None if classes is None else torch.as_tensor(classes).to(torch.int64)
    wanted = torch.float32 if spec.is_points else torch.uint8
    if images.dtype != wanted or images.shape[1:] != spec.shape or not len(images):
        raise DataError(
            f"{name} gives {str(images.dtype).removeprefix('torch.')} of shape "
            f"{tuple(images.shape)}, and should give {str(wanted).removeprefix('torch.')} of "
            f"(N, {', '.join(map(str, spec.shape))}), as its spec says."
        )
    if labels is not None and (
        labels.shape != images.shape[:1]
        or not 0 <= labels.min() <= labels.max() < len(spec.classes)
    ):
        raise DataError(
            f"{name} gives labels of shape {tuple(labels.shape)} for {len(images)} samples of "
            f"{len(spec.classes)} classes; one label from 0 is wanted for each."
        )
    return images.reshape(-1, *spec.tensor_shape), labels


def _samples(name: str, dataset: Dataset, split: str) -> Samples:
    if dataset.make is not None:
        of = load(dataset.made_of, split=split)
        if of.labels is not None:
            return dataset.make(of.images.numpy(), of.labels.numpy(), split)
    if dataset.load is None:
        raise DataError(f"{name} does not say how it is loaded: give it a load function.")
    return dataset.load(split)


def relocated(config: RunConfig, path: Path, place: str | None = None) -> RunConfig:
    """Return the configuration of the checkpoint at `path` with its images where they are now.

    That is where its run last had them, or `place`, whose images must be the same.

    Raises DataError where that folder is not there, or holds other images, ConfigError where
    nobody says which they are; else as `load`.
    """
    latest, began = where_images_are(path, config)
    if place is None and not latest:
        raise ConfigError(
            f"The script of {path.absolute().parent.parent.name} does not say what it trains on: "
            "name it with --dataset, other images with --against, or put dataset in the config of "
            "ganterm.init."
        )
    if place is None:
        require_folder(latest)
        return msgspec.structs.replace(config, dataset=latest)
    moved = msgspec.structs.replace(config, dataset=anchored(place))
    trained = load_for(moved).divided(moved.holdout)[0]
    require_same(trained.crc32, began, moved.dataset, path.absolute().parent.parent.name)
    return moved


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


def _open_stored(dataset: PublishedDataset, split: str) -> StoredImages:
    name, spec = dataset.name, dataset.spec
    stored = StoredImages(stored_path(name, split))
    if stored.shape[1:] != spec.shape:
        raise DataError(f"{stored.path} holds images of another shape: import {name} again.")
    if spec.classes and (stored.labels.min() < 0 or stored.labels.max() >= len(spec.classes)):
        raise DataError(f"{stored.path} holds labels out of range: import {name} again.")
    return stored
