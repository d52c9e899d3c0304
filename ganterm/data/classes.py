"""What classes a dataset has, without loading it."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ganterm.components.datasets import DATASETS, SPLITS
from ganterm.config import Resolved, RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError
from ganterm.data.catalogue import dataset_facts, folder_of
from ganterm.data.listing import list_images, splits_of

_FEWEST = 2


def class_names(dataset: str, split: str) -> tuple[str, ...]:
    """Return the names of a dataset's classes in the order of their labels; of none, nothing.

    Those of a folder are its sub-folders. Raises as `ganterm.data.load` does for a dataset or a
    split that does not exist.
    """
    folder = folder_of(dataset)
    if folder is None:
        return dataset_facts(dataset).spec.classes
    parts: tuple[str, ...] = (split,)
    if split == "all":
        # A folder that has no splits is all training images.
        parts = tuple(splits_of(folder)) or SPLITS[:1]
    listings = [list_images(folder, part) for part in parts]
    if not all(listing.classes for listing in listings):
        return ()
    return tuple(dict.fromkeys(name for listing in listings for name in listing.classes))


def has_classes(config: RunConfig) -> bool:
    """Tell whether the images of a run have labels to condition on; raises as `class_names`.

    Of a dataset in a file of the user's that has not been run here it is taken for granted.
    """
    if folder_of(config.dataset) is None and not DATASETS.knows(config.dataset):
        return DATASETS.accepts(config.dataset)
    return len(class_names(config.dataset, config.split)) >= _FEWEST


def as_labelled(resolved: Resolved) -> Resolved:
    """Return settings that do without classes where the recipe alone asks for them in vain.

    A recipe that trains on labels trains on images without any too; who asks for classes in so
    many words is refused by `conditioned_spec`. Raises as `class_names`.
    """
    config, origin = resolved.config, resolved.origin
    if config.conditional == "none" or not origin["conditional"].startswith("recipe "):
        return resolved
    if has_classes(config):
        return resolved
    return replace(
        resolved,
        config=msgspec.structs.replace(config, conditional="none"),
        origin={**origin, "conditional": "images without classes"},
    )


def conditioned_spec(config: RunConfig) -> DataSpec:
    """Return what the networks of a run are made for: its data, with the classes to condition on.

    It has none of them where the run is not conditional.

    Raises `ConfigError` where the images have no labels to condition on, and as `class_names`.
    """
    if config.conditional == "none":
        return config.data_spec
    names = class_names(config.dataset, config.split)
    if not has_classes(config):
        has = "one class alone" if names else "no labels"
        raise ConfigError(
            f"conditional: {config.dataset} has {has} to condition on; put its images into one "
            "sub-folder a class, or set conditional = none."
        )
    return config.data_spec.with_classes(names)
