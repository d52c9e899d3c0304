"""Holds the published sets in colour: small files in their real formats, as torchvision has them.

What torchvision itself reads of the same files is what ganterm must read.
"""

import gzip
import itertools
import os
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import savemat
from torchvision import datasets

from ganterm.core.errors import DataError
from ganterm.data import formats, load
from ganterm.data.catalogue import published
from ganterm.data.importer import import_dataset
from tests.data.files import cifar_batch, python2_pickle


def pictures(count: int, side: int, seed: int = 0) -> NDArray[np.uint8]:
    """Give noise, uint8 (count, 3, side, side)."""
    return np.random.default_rng(seed).integers(0, 256, (count, 3, side, side), dtype=np.uint8)


def write_cifar10(folder: Path) -> None:
    root = folder / "cifar-10-batches-py"
    root.mkdir()
    for number in range(5):
        batch = cifar_batch(pictures(4, 32, number), [number, 9, 0, 1])
        (root / f"data_batch_{number + 1}").write_bytes(batch)
    (root / "test_batch").write_bytes(cifar_batch(pictures(3, 32, 9), [7, 8, 9]))
    (root / "batches.meta").write_bytes(python2_pickle({b"label_names": [b"x"] * 10}))


def write_cifar100(folder: Path) -> None:
    root = folder / "cifar-100-python"
    root.mkdir()
    for name, seed in (("train", 1), ("test", 2)):
        batch = cifar_batch(pictures(6, 32, seed), [99, 0, 1, 2, 3, 4], b"fine_labels")
        (root / name).write_bytes(batch)
    (root / "meta").write_bytes(python2_pickle({b"fine_label_names": [b"x"] * 100}))


def write_svhn(folder: Path) -> None:
    for split, seed in (("train", 1), ("test", 2)):
        images = pictures(5, 32, seed).transpose(2, 3, 1, 0)
        labels = np.array([[1], [10], [9], [3], [2]], dtype=np.uint8)
        savemat(folder / f"{split}_32x32.mat", {"X": images, "y": labels}, do_compression=True)


def write_stl10(folder: Path) -> None:
    root = folder / "stl10_binary"
    root.mkdir()
    for split, seed in (("train", 1), ("test", 2), ("unlabeled", 3)):
        images = pictures(20 if split == "train" else 4, 96, seed)
        (root / f"{split}_X.bin").write_bytes(images.transpose(0, 1, 3, 2).tobytes())
        if split != "unlabeled":
            (root / f"{split}_y.bin").write_bytes(bytes((np.arange(len(images)) % 10 + 1).tolist()))
    (root / "class_names.txt").write_text("airplane\n" * 10)


Reading = tuple[Callable[[Path], None], Callable[[Path], Any]]
"""What writes the files of a set, and torchvision's class of it over them."""


@pytest.mark.parametrize("form", ["folder", "inner", "tar.gz"])
@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("cifar10", (write_cifar10, lambda root: datasets.CIFAR10(root, train=True))),
        ("cifar100", (write_cifar100, lambda root: datasets.CIFAR100(root, train=True))),
        ("svhn", (write_svhn, lambda root: datasets.SVHN(root, split="train"))),
        ("stl10", (write_stl10, lambda root: datasets.STL10(root, split="train"))),
        ("stl10-unlabelled", (write_stl10, lambda root: datasets.STL10(root, split="unlabeled"))),
    ],
)
def test_they_are_read_as_torchvision_reads_them(
    name: str, reading: Reading, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the folder, the one inside or the archive is given; without labels there are none."""
    write, theirs = reading
    source = tmp_path / "files"
    source.mkdir()
    write(source)
    given = source
    if form == "inner":
        given = next((each for each in source.iterdir() if each.is_dir()), source)
    if form == "tar.gz":
        given = tmp_path / "published.tar.gz"
        with tarfile.open(given, "w:gz") as tar:
            for path in source.iterdir():
                tar.add(path, path.name)
    report = import_dataset(name, given)
    assert [each.split for each in report.splits] == list(published(name, "import").splits)
    # Their checksums are of the whole files.
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *_: True)
    monkeypatch.setattr("torchvision.datasets.svhn.check_integrity", lambda *_: True)
    monkeypatch.setattr("torchvision.datasets.stl10.check_integrity", lambda *_: True)
    expected = theirs(source)
    found = load(name, channels=None)
    data = np.asarray(expected.data)
    data = data.transpose(0, 3, 1, 2) if data.shape[-1] == 3 else data
    assert np.array_equal(found.images.numpy(), data)
    labels: Any = getattr(expected, "labels", getattr(expected, "targets", None))
    if name == "stl10-unlabelled":
        assert found.labels is None
    else:
        assert found.labels is not None
        assert found.labels.tolist() == list(labels)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("cifar10", datasets.CIFAR10), ("cifar100", datasets.CIFAR100), ("stl10", datasets.STL10)],
)
def test_their_addresses_and_checksums_are_torchvisions(
    name: str, theirs: type[datasets.CIFAR10]
) -> None:
    (download,) = published(name, "fetch").downloads()
    assert (download.file, download.addresses) == (theirs.filename, (theirs.url,))
    assert published(name, "fetch").md5s == {theirs.filename: theirs.tgz_md5}


class _Touches:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def nested(depth: int) -> list[object]:
    """Give a list of twice the same list, and so on: one of 2^depth numbers."""
    inner = [1, 2] if depth == 1 else nested(depth - 1)
    return [inner, inner]


def huge_array() -> bytes:
    """Give a pickle that asks NumPy for 10^15 bytes."""
    return b"\x80\x02cnumpy\nndarray\n\x8a\x07\x00\x80\xc6\xa4~\x8d\x03\x85R."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        pickle.dumps([1, 2]),
        python2_pickle({b"data": np.zeros((2, 3072), np.uint8)}),
        python2_pickle({b"data": np.zeros((2, 3071), np.uint8), b"labels": [1, 2]}),
        python2_pickle({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 1 << 80]}),
        python2_pickle({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 10]}),
        cifar_batch(pictures(4, 32), [0, 1, 2, 3])[:-3000],
        huge_array(),
        python2_pickle({b"data": np.zeros((2, 3072), np.int64), b"labels": [1, 2]}),
        python2_pickle({b"data": np.array([None, None]), b"labels": [1, 2]}),
        python2_pickle({b"data": np.zeros(2, [("x", "O")]), b"labels": [1, 2]}),
        python2_pickle({b"data": np.zeros((2, 3072), np.uint8), b"labels": np.array([None] * 2)}),
        python2_pickle({b"data": np.zeros((2, 3072), np.uint8), b"labels": nested(50)}),
        b"runs code",
    ],
    ids=itertools.count(),
)
def test_a_batch_that_is_none_is_refused_and_nothing_in_it_is_run(
    content: bytes, tmp_path: Path
) -> None:
    write_cifar10(tmp_path)
    touched = tmp_path / "touched"
    if content == b"runs code":
        content = pickle.dumps(_Touches(touched))
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").write_bytes(content)
    with pytest.raises(DataError, match=r"data_batch|label"):
        import_dataset("cifar10", tmp_path)
    assert not touched.exists()


@pytest.mark.parametrize("put", [b"r" + struct.pack("<I", 1 << 24), b"p16777216\n"])
def test_a_batch_that_numbers_what_it_keeps_out_of_turn_is_refused(
    put: bytes, tmp_path: Path
) -> None:
    """Unpickling would take memory for all numbers below."""
    write_cifar10(tmp_path)
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").write_bytes(b"\x80\x02}" + put + b".")
    with pytest.raises(DataError, match="keeps its opcode 2 as number 16,777,216"):
        import_dataset("cifar10", tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"MATLAB 5.0 MAT-file", bytes(200)], ids=["empty", "cut", "zeros"]
)
def test_a_file_of_matlab_that_is_none_is_refused(content: bytes, tmp_path: Path) -> None:
    write_svhn(tmp_path)
    (tmp_path / "test_32x32.mat").write_bytes(content)
    with pytest.raises(DataError, match="does not hold SVHN's X and y"):
        import_dataset("svhn", tmp_path)


def test_a_file_of_matlab_that_unpacks_to_far_more_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "most_of", lambda size: 100 * size)
    monkeypatch.setattr("scipy.io.loadmat", None)
    write_svhn(tmp_path)
    images = np.zeros((32, 32, 3, 1000), np.uint8)
    labels = np.ones((1000, 1), np.uint8)
    path = tmp_path / "train_32x32.mat"
    savemat(path, {"X": images, "y": labels}, do_compression=True)
    with pytest.raises(DataError, match="does not hold SVHN's X and y"):
        import_dataset("svhn", path)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("train_X.bin", bytes(27_648 + 1), "no whole images"),
        ("train_X.bin", b"", "no whole images"),
        ("train_X.bin", gzip.compress(bytes(27_648), mtime=0), "no whole images"),
        ("train_y.bin", bytes([1, 2]), "20 images but .* 2 labels"),
        ("train_y.bin", bytes([11] * 20), "has label 11"),
    ],
    ids=["half an image", "empty", "packed", "few labels", "another label"],
)
def test_columns_that_do_not_fit_are_refused(
    file: str, content: bytes, words: str, tmp_path: Path
) -> None:
    write_stl10(tmp_path)
    (tmp_path / "stl10_binary" / file).write_bytes(content)
    with pytest.raises(DataError, match=words):
        import_dataset("stl10", tmp_path)


def test_digits_in_five_colours_come_with_ganterm() -> None:
    """Each digit in as many of each; what is dark stays dark."""
    found = load("tinted-digits", channels=None)
    grey = load("digits")
    assert found.images.shape == (1797, 3, 8, 8)
    assert found.labels is not None
    counts = found.labels.bincount(minlength=50)
    assert counts.min() >= 34
    assert counts.max() <= 37
    assert grey.labels is not None
    assert (found.labels % 10).tolist() == grey.labels.tolist()
    assert ((found.images.amax(dim=1) > 0) == (grey.images[:, 0] > 0)).float().mean() > 0.99
    red = found.images[found.labels // 10 == 0].float().mean(dim=(0, 2, 3))
    assert red[0] > 3 * red[1]
