"""Holds the catalogue to what torchvision publishes, and names and paths to their rules."""

import subprocess
import sys
from pathlib import Path

import pytest
from torchvision import datasets

from ganterm.components.datasets import DATASETS
from ganterm.core.errors import ConfigError
from ganterm.data.catalogue import (
    anchored,
    check_split,
    data_dir,
    dataset_facts,
    image_count,
    is_available,
    missing_splits,
    published,
    stored_path,
)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("mnist", datasets.MNIST),
        ("fashion-mnist", datasets.FashionMNIST),
        ("kmnist", datasets.KMNIST),
    ],
)
def test_checksums_and_class_count_are_torchvisions(
    name: str, source: type[datasets.MNIST]
) -> None:
    info = published(name, "fetch")
    assert dict(info.md5s) == dict(source.resources)
    assert len(info.spec.classes) == len(source.classes)


def test_emnist_classes_are_torchvisions() -> None:
    for variant in ("digits", "balanced", "letters"):
        theirs = datasets.EMNIST.classes_split_dict[variant]
        info = published(f"emnist-{variant}", "fetch")
        # torchvision keeps a class "N/A" for label 0, which no letter has.
        assert list(info.spec.classes) == [name for name in theirs if name != "N/A"]
        assert info.md5s["gzip.zip"] == datasets.EMNIST.md5


def test_usps_checksums_are_torchvisions() -> None:
    theirs = {name: md5 for _, name, md5 in datasets.USPS.split_list.values()}
    assert dict(published("usps", "fetch").md5s) == theirs


def test_every_name_of_the_interface_is_there() -> None:
    assert list(DATASETS.names) == [
        "digits",
        "mnist",
        "fashion-mnist",
        "kmnist",
        "emnist-digits",
        "emnist-letters",
        "emnist-balanced",
        "usps",
        "cifar10",
        "cifar100",
        "svhn",
        "stl10",
        "stl10-unlabelled",
        "tinted-digits",
        "stacked-mnist",
        "ring",
    ]
    assert all(name == DATASETS.facts(name).name for name in DATASETS.names)


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(ConfigError, match=r"did you mean fashion-mnist"):
        dataset_facts("Fashion_MNIST")
    with pytest.raises(ConfigError, match=r"known are digits, mnist"):
        dataset_facts("zzzzzz")


@pytest.mark.parametrize("name", ["../mnist", "/etc", "mnist/../../x", ""])
def test_no_name_leads_out_of_the_data_directory(name: str) -> None:
    with pytest.raises(ConfigError):
        stored_path(name, "train")


@pytest.mark.parametrize("split", ["validation", "../train", ""])
def test_no_split_but_train_and_test(split: str) -> None:
    with pytest.raises(ConfigError, match="use train or test"):
        stored_path("mnist", split)


def test_digits_have_no_test_split() -> None:
    with pytest.raises(ConfigError, match="digits has no test split: use train"):
        check_split(DATASETS.facts("digits"), "test")


def test_the_data_directory_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "there"))
    assert stored_path("mnist", "test") == tmp_path / "there" / "mnist" / "test.safetensors"
    monkeypatch.delenv("GANTERM_DATA_DIR")
    assert "ganterm" in str(data_dir())


def test_availability_is_the_stored_file(data_home: Path) -> None:
    assert is_available("digits", "train")
    assert not is_available("mnist", "test")
    (data_home / "mnist").mkdir(parents=True)
    (data_home / "mnist" / "test.safetensors").touch()
    assert is_available("mnist", "test")
    assert not is_available("mnist", "train")


def test_the_package_imports_without_torch() -> None:
    code = "import ganterm.data, sys; sys.exit(bool({'torch', 'numpy', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_missing_for_a_run_is_named_by_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only splits that exist, are wanted and are not here; embedded data and folders lack none."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path))
    assert missing_splits("mnist", "all") == ("train", "test")
    stored = stored_path("mnist", "train")
    stored.parent.mkdir(parents=True)
    stored.touch()
    assert missing_splits("mnist", "all") == ("test",)
    assert missing_splits("mnist", "train") == ()
    assert missing_splits("digits", "all") == ()
    assert missing_splits("./folder", "train") == ()


def test_a_dataset_is_a_name_or_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is neither says why, and a name goes before a folder that is called the same."""
    (tmp_path / "mnist").mkdir()
    (tmp_path / "ring").mkdir()
    (tmp_path / "cats").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    assert not dataset_facts("mnist").path
    assert not dataset_facts("ring").path
    assert dataset_facts("cats").path == str(tmp_path / "cats")
    assert DATASETS.resolve("cats") == DATASETS.facts("cats")
    assert not DATASETS.accepts("dogs")
    for name, words in (
        ("dogs", "There is no dataset called 'dogs'"),
        ("file", "file is a file: give a folder"),
        ("./dogs", r"There is no folder \./dogs"),
        ("a" * 5000, "There is no dataset called"),
    ):
        with pytest.raises(ConfigError, match=words):
            dataset_facts(name)


def test_images_are_counted_by_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert image_count("mnist", "train") == 60_000
    assert image_count("mnist", "all") == 70_000
    assert image_count(str(tmp_path), "train") is None
    with pytest.raises(ConfigError, match="digits has no test split"):
        image_count("digits", "test")
    with pytest.raises(ConfigError, match="did you mean mnist"):
        image_count("mnits", "train")


def test_a_folder_is_named_by_its_full_path_and_a_dataset_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is resumed from another directory still finds its images."""
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    assert anchored("pictures") == anchored("./pictures/") == str(tmp_path / "pictures")
    assert anchored("mnist") == "mnist"
