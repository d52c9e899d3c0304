"""Which dataset a name or a path stands for, and where those known by name are stored.

Torch-free, so that `ganterm data list` and the faces can read it at once.
"""

import contextlib
import difflib
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import platformdirs

from ganterm.components.datasets import DATASETS, SPLITS, DatasetFacts, PublishedDataset
from ganterm.config import Resolved, RunConfig
from ganterm.config.fields import NOT_UTF8
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.files import expanded, not_utf8
from ganterm.core.registry import is_reference, short


def dataset_facts(name: str) -> DatasetFacts:
    """Return what is known of a dataset by its name, of a folder or one in a file of the user's.

    Raises ConfigError, naming the nearest known names, for any other.
    """
    if DATASETS.accepts(name):
        return DATASETS.facts(name)
    with contextlib.suppress(OSError):  # no file can be called so
        if name and expanded(name).exists():
            raise ConfigError(
                f"{name} is a file: give a folder, a zip or a tar of images, an array (.npy, .npz) "
                "or .parquet, or import it."
            )
    if ".py:" in name:
        raise ConfigError(
            f"{name} names nothing in a file: say path/to/file.py:NAME, and settings of it as in "
            "path/to/file.py:NAME:size=64."
        )
    if os.sep in name:
        raise ConfigError(f"There is no folder {name}: check the path.")
    if name.startswith("torchvision:"):
        raise ConfigError(
            f"{name} is not on this machine: `ganterm data fetch {name}` has torchvision download "
            f"it, `ganterm data import {name} PATH` takes its files from elsewhere."
        )
    known = DATASETS.offered
    near = difflib.get_close_matches(name.lower().replace("_", "-"), known, n=2, cutoff=0.5)
    advice = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}."
    raise ConfigError(f"There is no dataset called {name!r}: {advice}")


def published(name: str, action: str) -> PublishedDataset:
    """Return the dataset called `name`, or the one it is made of, whose files are published.

    Raises ConfigError for one that is unknown or needs no such `action`.
    """
    facts = dataset_facts(name)
    if isinstance(facts, PublishedDataset):
        return facts
    if facts.made_of and not facts.embedded:
        return published(facts.made_of, action)
    where = "is made by its own file" if is_reference(name) else "comes with ganterm"
    where = "is a folder" if facts.path and not is_reference(name) else where
    raise ConfigError(f"{short(name)} {where}: there is nothing to {action}.")


def data_dir() -> Path:
    """Give the directory stored datasets live in: `GANTERM_DATA_DIR`, or the user's data home.

    Where there is neither, it is one that holds nothing and cannot be made.
    """
    chosen = os.environ.get("GANTERM_DATA_DIR")
    if chosen:
        return expanded(chosen)
    with contextlib.suppress(RuntimeError):
        found = platformdirs.user_data_path("ganterm", appauthor=False) / "datasets"
        if found.is_absolute():
            return found
    return Path(os.devnull) / "datasets"


def stored_path(name: str, split: str) -> Path:
    """Give the path of the stored copy of one split, whether or not it is there.

    Raises ConfigError for a name or a split that does not exist.
    """
    facts = dataset_facts(name)
    check_split(facts, split)
    return data_dir() / (facts.made_of or facts.name) / f"{split}.safetensors"


def check_split(facts: DatasetFacts, split: str) -> None:
    """Raise ConfigError, naming what exists, unless there are samples in `split`."""
    if split not in SPLITS:
        raise ConfigError(f"There is no split called {split!r}: use train or test.")
    if not facts.count(split):
        raise ConfigError(f"{facts.name} has no {split} split: use {' or '.join(facts.splits)}.")


def is_available(name: str, split: str) -> bool:
    """Say whether one split can be loaded here and now, without import or download."""
    return dataset_facts(name).embedded or stored_path(name, split).is_file()


def missing_splits(dataset: str, split: str) -> tuple[str, ...]:
    """Give the splits that training on `split` ("all" for both) needs and this machine lacks.

    A folder of images lacks none, nor does a name that is no dataset; loading says what is wrong.
    """
    facts = DATASETS.facts(dataset)
    if facts.embedded:
        return ()
    wanted = facts.splits if split == "all" else (split,)
    return tuple(each for each in wanted if facts.count(each) and not is_available(dataset, each))


def require_folder(dataset: str, run: str = "") -> None:
    """Raise DataError where `dataset` is the path of a folder that is not there any more.

    `run` is the name of the run that was trained on it, if one was.
    """
    if os.sep in dataset and not DATASETS.accepts(dataset):
        way = f"`ganterm resume {run} --dataset PATH`" if run else "--dataset PATH"
        raise DataError(
            f"There is no folder {dataset}, where the images{f' of {run}' if run else ''} were: "
            f"put it back, or name the place where they are now with {way}."
        )


def anchored(dataset: str) -> str:
    """Return `dataset` so that it means the same from any directory: a folder by its full path.

    Raises ConfigError for what is no dataset, or a path that a file of settings cannot hold.
    """
    facts = dataset_facts(dataset)
    path = "" if is_reference(dataset) else facts.path
    if not_utf8(path):
        raise ConfigError(NOT_UTF8.format(f"The path {path!r}"))
    return path or DATASETS.kept(dataset)


def image_count(dataset: str, split: str, holdout: float = 0.0) -> int | None:
    """Give the published number of images of a split ("all" for both) but for the share `holdout`.

    None where it is not known, as of a folder, and of a dataset in a file of the user's that nobody
    has run yet. Raises ConfigError for a dataset or a split that does not exist.
    """
    facts = dataset_facts(dataset)
    if not DATASETS.knows(dataset) or (facts.path and not is_reference(dataset)):
        return None
    if split != "all":
        check_split(facts, split)
    count = sum(facts.counts.values()) if split == "all" else facts.count(split)
    return count - round(count * holdout)


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
