"""The classes of a dataset are known without loading it, and are those that loading gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ganterm.config import RunConfig, resolve
from ganterm.core.errors import ConfigError
from ganterm.data import load
from ganterm.data.catalogue import as_labelled, conditioned_spec, dataset_facts


def folder(root: Path, *names: str) -> Path:
    for index, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), index).save(path)
    return root


@pytest.mark.parametrize("name", ["digits", "ring"])
def test_what_comes_with_ganterm_has_the_classes_it_loads_with(name: str) -> None:
    assert dataset_facts(name).class_names("train") == load(name).classes


def test_the_classes_of_a_folder_are_its_sub_folders(tmp_path: Path) -> None:
    cats = folder(tmp_path, "cat/1.png", "dog/1.png", "ape/1.png")
    assert dataset_facts(str(cats)).class_names("train") == ("ape", "cat", "dog")
    assert load(str(cats)).classes == ("ape", "cat", "dog")


def test_classes_of_all_splits_are_those_of_each_once(tmp_path: Path) -> None:
    both = folder(tmp_path, "train/b/1.png", "train/c/1.png", "test/a/1.png", "test/b/1.png")
    names = dataset_facts(str(both)).class_names("all")
    assert names == load(str(both), split="all").classes == ("b", "c", "a")


def test_a_folder_without_sub_folders_has_none(tmp_path: Path) -> None:
    flat = folder(tmp_path, "1.png", "2.png")
    assert dataset_facts(str(flat)).class_names("train") == ()


def test_conditional_training_needs_classes(tmp_path: Path) -> None:
    plain = str(folder(tmp_path / "plain", "1.png"))
    alone = str(folder(tmp_path / "alone", "cat/1.png"))
    assert conditioned_spec(RunConfig(dataset=plain)).classes == ()
    assert len(conditioned_spec(RunConfig(dataset="digits", conditional="concat")).classes) == 10
    with pytest.raises(ConfigError, match=r"^conditional: .* no labels .*conditional = none\.$"):
        conditioned_spec(RunConfig(dataset=plain, conditional="projection"))
    with pytest.raises(ConfigError, match="has one class alone to condition on"):
        conditioned_spec(RunConfig(dataset=alone, conditional="projection"))


def test_a_recipe_that_trains_on_labels_does_without_where_there_are_none(tmp_path: Path) -> None:
    """Unless classes are asked for in so many words."""
    plain = str(folder(tmp_path / "plain", "1.png", "2.png"))
    for typed, conditional in (
        ({"dataset": plain}, "none"),
        ({"dataset": "digits"}, "projection"),
        ({"dataset": plain, "conditional": "projection"}, "projection"),
    ):
        resolved = resolve({"recipe": "turbo-8x8", **typed})
        assert as_labelled(resolved).config.conditional == conditional


def test_no_arrays_are_needed_for_it() -> None:
    """The app asks for them, and its process has neither PyTorch nor NumPy."""
    code = (
        "import sys; from ganterm.data.catalogue import dataset_facts;"
        "dataset_facts('ring').class_names('train');"
        "sys.exit(any(name in sys.modules for name in ('torch', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
