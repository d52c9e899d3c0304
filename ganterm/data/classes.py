"""What classes a dataset has, without loading it."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ganterm.components.datasets import DATASETS
from ganterm.config import Resolved, RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError
from ganterm.data.catalogue import dataset_facts

_FEWEST = 2


def has_classes(config: RunConfig) -> bool:
    """Tell whether the images of a run have labels to condition on.

    Of a dataset in a file of the user's that has not been run here it is taken for granted. Raises
    as `ganterm.data.load` does for a dataset or a split that does not exist.
    """
    facts = dataset_facts(config.dataset)
    return not DATASETS.knows(config.dataset) or len(facts.class_names(config.split)) >= _FEWEST


def as_labelled(resolved: Resolved) -> Resolved:
    """Return settings that do without classes where the recipe alone asks for them in vain.

    A recipe that trains on labels trains on images without any too; who asks for classes in so
    many words is refused by `conditioned_spec`. Raises as `has_classes`.
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

    Raises `ConfigError` where the images have no labels to condition on, and as `has_classes`.
    """
    if config.conditional == "none":
        return config.data_spec
    names = dataset_facts(config.dataset).class_names(config.split)
    if not has_classes(config):
        has = "one class alone" if names else "no labels"
        raise ConfigError(
            f"conditional: {config.dataset} has {has} to condition on; put its images into one "
            "sub-folder a class, or set conditional = none."
        )
    return config.data_spec.with_classes(names)
