"""Holds `load`: any dataset by name or path, in any shape, within bounded memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganterm.core.errors import ConfigError, DataError
from ganterm.data import load
from ganterm.data.catalogue import stored_path
from ganterm.data.importer import import_dataset
from ganterm.data.store import stage
from tests.data.files import some_images, some_labels, write_pair


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    write_pair(tmp_path / "files", "train", some_images(30), some_labels(30))
    import_dataset("mnist", tmp_path / "files")
    return tmp_path


@pytest.mark.parametrize("size", [7, 8, 16, 28, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_embedded_digits_fit_every_recipe(size: int, channels: int) -> None:
    digits = load("digits", image_size=size, channels=channels)
    assert digits.images.shape == (1797, channels, size, size)
    assert digits.images.dtype == torch.uint8
    assert digits.images.is_contiguous()
    assert digits.labels is not None
    assert digits.labels.dtype == torch.int64
    assert (digits.name, len(digits.classes)) == ("digits", 10)
    assert (len(digits), digits.size.setting, digits.channels) == (1797, size, channels)
    assert digits.images.max() > 200


@pytest.mark.parametrize("size", [None, 28, 32, 64])
def test_stored_sets_fit_too(mnist: Path, size: int | None) -> None:
    loaded = load("mnist", image_size=size)
    assert loaded.images.shape == (30, 1, size or 28, size or 28)
    assert loaded.images.is_contiguous()
    assert loaded.labels is not None
    assert loaded.labels.tolist() == some_labels(30).tolist()
    if size == 32:
        inner = loaded.images[:, 0, 2:30, 2:30].numpy()
        assert np.array_equal(inner, some_images(30))


def test_all_is_both_splits_one_after_the_other(mnist: Path) -> None:
    """The images and labels of train come before those of test; a set without a test is train."""
    write_pair(mnist / "files", "t10k", some_images(4), some_labels(4))
    import_dataset("mnist", mnist / "files")
    both = load("mnist", split="all")
    assert both.images.shape == (34, 1, 28, 28)
    assert both.labels is not None
    assert both.labels.tolist() == [*some_labels(30).tolist(), *some_labels(4).tolist()]
    assert len(load("digits", split="all")) == 1797


def test_all_of_a_folder_joins_its_splits_classes_by_name(tmp_path: Path) -> None:
    """A class keeps its name, whichever split it is in; a folder without splits is read whole."""
    for name, level in (
        ("train/cat/a", 1),
        ("train/dog/b", 2),
        ("test/ant/c", 3),
        ("test/cat/d", 4),
    ):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(parents=True)
        Image.new("L", (8, 8), level).save(path)
    both = load(str(tmp_path), split="all")
    assert both.images[:, 0, 0, 0].tolist() == [1, 2, 3, 4]
    assert both.labels is not None
    assert [both.classes[label] for label in both.labels.tolist()] == ["cat", "dog", "ant", "cat"]
    assert len(load(str(tmp_path / "train"), split="all")) == 2
    Image.new("L", (9, 9)).save(tmp_path / "test" / "ant" / "c.png")
    with pytest.raises(DataError, match="different sizes: set image_size"):
        load(str(tmp_path), split="all")
    assert len(load(str(tmp_path), split="all", image_size=8)) == 4


def test_what_is_loaded_can_be_written_without_touching_the_store(mnist: Path) -> None:
    load("mnist").images.zero_()
    assert np.array_equal(load("mnist").images[:, 0].numpy(), some_images(30))


def test_a_path_is_a_folder_and_a_name_wins_over_one(
    mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mnist / "mnist").mkdir()
    Image.new("L", (9, 9), 5).save(mnist / "mnist" / "x.png")
    monkeypatch.chdir(mnist)
    assert len(load("mnist")) == 30
    assert load("./mnist", image_size=12).images.shape == (1, 1, 12, 12)
    (mnist / "mnist").rename(mnist / "pictures")
    assert load("pictures", image_size=12).name == "pictures"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("mnits", {}, "did you mean mnist"),
        ("./no/such", {}, "There is no folder ./no/such"),
        ("mnist", {"split": "validation"}, "use train or test"),
        ("digits", {"split": "test"}, "digits has no test split"),
        ("digits", {"image_size": 0}, "between 1 and 1024"),
        ("digits", {"channels": 2}, "1 channel"),
        ("digits", {"fit": "stretch"}, "no fit called"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load(name, **options)  # type: ignore[arg-type]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x.bin").touch()
    with pytest.raises(ConfigError, match="is a file"):
        load(str(tmp_path / "x.bin"))


def test_a_set_that_is_not_here_says_how_to_get_it() -> None:
    with pytest.raises(DataError, match=r"`ganterm data fetch kmnist`, or `ganterm data import"):
        load("kmnist", split="test")


@pytest.mark.parametrize(("side", "label"), [(27, 0), (28, 10), (28, -1)])
def test_a_stored_file_of_something_else_is_refused(side: int, label: int) -> None:
    labels = np.array([0, label], dtype=np.int64)
    with stage(
        stored_path("mnist", "train"),
        shape=(2, 1, side, side),
        images=[some_images(2, side)[:, None]],
        labels=labels,
        metadata={},
    ) as staged:
        staged.commit()
    with pytest.raises(DataError, match="import mnist again"):
        load("mnist")


PEAK = """
import sys, re, pathlib
import torch, safetensors
from ganterm.data import load
from ganterm.data.fit import fit_images
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
fit_images([torch.zeros((4096, 1, 28, 28), dtype=torch.uint8)], 4096, image_size=32, channels=1)
before = peak()
images = load("emnist-digits", image_size=int(sys.argv[1])).images
images.view(-1)[::1024].max()  # touches every page
print(peak() - before, images.numel() // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize("size", [28, 32])
def test_a_large_set_takes_its_own_size_and_little_more(size: int) -> None:
    count = 100_000
    piece = some_images(1000)[:, None]
    with stage(
        stored_path("emnist-digits", "train"),
        shape=(count, 1, 28, 28),
        images=(piece for _ in range(count // 1000)),
        labels=np.zeros(count, dtype=np.int64),
        metadata={},
    ) as staged:
        staged.commit()
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, str(size)], capture_output=True, text=True, check=True
    )
    grown, own = map(int, ran.stdout.split())
    assert own == count * size * size // 1024
    # The source, if it stayed in memory beside the result, would be 75 MiB more.
    assert grown < own + 50 * 1024
