"""Holds imports: every form the published files come in, and every way they can be wrong."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ganterm.core.errors import ConfigError, DataError
from ganterm.data.catalogue import is_available, stored_path
from ganterm.data.importer import ImportReport, import_dataset
from ganterm.data.store import StoredImages
from tests.data.files import idx_bytes, some_images, some_labels, usps_bytes, write_pair


def write_mnist(folder: Path, *, train: int = 20, test: int = 12, packed: bool = True) -> None:
    write_pair(folder, "train", some_images(train, seed=1), some_labels(train), packed=packed)
    write_pair(folder, "t10k", some_images(test, seed=2), some_labels(test), packed=packed)


def stored(name: str, split: str) -> StoredImages:
    return StoredImages(stored_path(name, split))


def counts(report: ImportReport) -> dict[str, int]:
    return {split.split: split.count for split in report.splits}


def leftovers(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("inside", ["", "raw", "MNIST/raw", "mnist"])
def test_a_folder_with_the_four_files(tmp_path: Path, packed: bool, inside: str) -> None:
    write_mnist(tmp_path / "files" / inside, packed=packed)
    report = import_dataset("mnist", tmp_path / "files")
    assert counts(report) == {"train": 20, "test": 12}
    assert np.array_equal(stored("mnist", "train").images().numpy()[:, 0], some_images(20, seed=1))
    assert stored("mnist", "test").labels.tolist() == some_labels(12).tolist()


def test_the_dotted_spelling_and_upper_case(tmp_path: Path) -> None:
    (tmp_path / "T10K-images.idx3-ubyte").write_bytes(idx_bytes(some_images(3)))
    (tmp_path / "t10k-labels.idx1-ubyte.GZ").write_bytes(gzip.compress(idx_bytes(some_labels(3))))
    assert counts(import_dataset("mnist", tmp_path)) == {"test": 3}


def test_the_test_split_alone_says_what_is_missing(tmp_path: Path) -> None:
    write_pair(tmp_path, "t10k", some_images(5), some_labels(5))
    report = import_dataset("mnist", tmp_path)
    assert counts(report) == {"test": 5}
    assert is_available("mnist", "test")
    assert not is_available("mnist", "train")
    assert report.notes[0].startswith(
        "The train split was left out: train-images-idx3-ubyte, train-labels-idx1-ubyte not found"
    )


def test_one_file_brings_its_partner_and_nothing_else(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    report = import_dataset("mnist", tmp_path / "t10k-labels-idx1-ubyte.gz")
    assert counts(report) == {"test": 12}
    assert report.notes[0].startswith("Only the split t10k-labels-idx1-ubyte.gz belongs to")


def test_one_file_alone_says_what_it_is_and_what_is_missing(tmp_path: Path) -> None:
    images, labels = write_pair(tmp_path, "train", some_images(5), some_labels(5))
    labels.unlink()
    with pytest.raises(
        DataError, match=r"holds train-images-idx3-ubyte.gz but not train-labels-idx1-ubyte "
    ):
        import_dataset("mnist", images)


def test_an_incomplete_split_beside_a_complete_one_is_a_note(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    report = import_dataset("mnist", tmp_path)
    assert counts(report) == {"test": 12}
    assert "train-labels-idx1-ubyte not found" in report.notes[0]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_an_archive_is_read_and_nothing_is_unpacked_beside_it(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "source"
    write_mnist(source)
    packed = tmp_path / "given" / f"mnist.{kind}"
    packed.parent.mkdir()
    if kind == "zip":
        with zipfile.ZipFile(packed, "w") as pack:
            for path in source.iterdir():
                pack.write(path, f"some/folder/{path.name}")
            pack.writestr("../../escaped", "x")
    else:
        with tarfile.open(packed, "w:gz" if kind == "tar.gz" else "w") as tar:
            tar.add(source, "some/folder")
            tar.addfile(tarfile.TarInfo("../../escaped"), io.BytesIO())
    report = import_dataset("mnist", packed)
    assert counts(report) == {"train": 20, "test": 12}
    assert leftovers(packed.parent) == [str(packed)]
    assert not (tmp_path / "escaped").exists()


def test_an_archive_that_hides_the_files_outside_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "evil.zip"
    with zipfile.ZipFile(packed, "w") as pack:
        pack.writestr("../t10k-images-idx3-ubyte", idx_bytes(some_images(2)))
        pack.writestr("/t10k-labels-idx1-ubyte", idx_bytes(some_labels(2)))
    with pytest.raises(DataError, match="holds none of the mnist files"):
        import_dataset("mnist", packed)


def test_another_checksum_is_a_note_and_count_too(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    notes = import_dataset("mnist", tmp_path).notes
    assert notes[0] == "The train split has 20 images where 60,000 are published."
    assert "train-images-idx3-ubyte.gz: its checksum" in notes[1]
    assert "is not the published f68b3c2dcbeaaa9fbdd348bbdeb94873" in notes[1]
    assert len(notes) == 6


def test_real_mnist_is_imported_with_its_one_known_difference(real_mnist: Path) -> None:
    report = import_dataset("mnist", real_mnist)
    assert counts(report) == {"train": 60_000, "test": 10_000}
    assert [note.split(":")[0] for note in report.notes] == ["train-images-idx3-ubyte.gz"]
    train = stored("mnist", "train")
    assert abs(train.images().float().mean().item() / 255 - 0.1307) < 1e-4
    assert train.labels.bincount().tolist()[:3] == [5923, 6742, 5958]


def test_emnist_comes_out_upright_with_labels_from_zero(tmp_path: Path) -> None:
    upright = some_images(4)
    write_pair(
        tmp_path,
        "emnist-letters-test",
        upright.transpose(0, 2, 1).copy(),
        np.array([1, 2, 25, 26], dtype=np.uint8),
    )
    import_dataset("emnist-letters", tmp_path)
    assert np.array_equal(stored("emnist-letters", "test").images().numpy()[:, 0], upright)
    assert stored("emnist-letters", "test").labels.tolist() == [0, 1, 24, 25]


def test_emnist_from_its_archive_takes_only_the_asked_variant(tmp_path: Path) -> None:
    for variant, count in (("digits", 3), ("balanced", 5)):
        write_pair(
            tmp_path / "gzip", f"emnist-{variant}-train", some_images(count), some_labels(count)
        )
    packed = tmp_path / "gzip.zip"
    with zipfile.ZipFile(packed, "w") as pack:
        for path in (tmp_path / "gzip").iterdir():
            pack.write(path, f"gzip/{path.name}")
    report = import_dataset("emnist-balanced", packed)
    assert counts(report) == {"train": 5}
    assert any("gzip.zip: its checksum" in note for note in report.notes)


def test_usps_is_stored_at_16_pixels(tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, (3, 256))
    (tmp_path / "usps.t.bz2").write_bytes(usps_bytes(values, [1, 10, 4]))
    report = import_dataset("usps", tmp_path)
    assert counts(report) == {"test": 3}
    assert stored("usps", "test").shape == (3, 1, 16, 16)
    assert stored("usps", "test").labels.tolist() == [0, 9, 3]
    assert any("checksum" in note for note in report.notes)


def test_images_and_labels_must_be_as_many(tmp_path: Path, data_home: Path) -> None:
    write_pair(tmp_path / "in", "t10k", some_images(5), some_labels(4))
    with pytest.raises(DataError, match=r"5 images but .* 4 labels: they do not belong together"):
        import_dataset("mnist", tmp_path / "in")
    assert leftovers(data_home) == []


@pytest.mark.parametrize(
    ("name", "prefix", "label", "known"),
    [
        ("mnist", "t10k", 10, "0 to 9"),
        ("emnist-letters", "emnist-letters-test", 0, "1 to 26"),
        ("emnist-letters", "emnist-letters-test", 27, "1 to 26"),
    ],
)
def test_labels_out_of_range_are_refused(
    tmp_path: Path, name: str, prefix: str, label: int, known: str
) -> None:
    labels = np.array([1, 2, label, 3], dtype=np.uint8)
    write_pair(tmp_path, prefix, some_images(4), labels)
    with pytest.raises(DataError, match=rf"label {label} for image 2 where {name} has {known}"):
        import_dataset(name, tmp_path)


def test_images_of_another_size_are_refused(tmp_path: Path) -> None:
    write_pair(tmp_path, "t10k", some_images(4, side=32), some_labels(4))
    with pytest.raises(DataError, match="images of 32x32 where mnist has 28x28"):
        import_dataset("mnist", tmp_path)


def test_swapped_files_are_recognised(tmp_path: Path) -> None:
    images, labels = write_pair(tmp_path, "t10k", some_images(4), some_labels(4))
    swap = images.read_bytes()
    images.write_bytes(labels.read_bytes())
    labels.write_bytes(swap)
    with pytest.raises(DataError, match="holds images where labels are expected"):
        import_dataset("mnist", tmp_path)


def test_a_second_split_that_fails_leaves_the_store_as_it_was(
    tmp_path: Path, data_home: Path
) -> None:
    write_mnist(tmp_path / "good", train=3)
    import_dataset("mnist", tmp_path / "good")
    before = {path: Path(path).read_bytes() for path in leftovers(data_home)}
    write_mnist(tmp_path / "bad", train=50)
    broken = tmp_path / "bad" / "t10k-images-idx3-ubyte.gz"
    broken.write_bytes(broken.read_bytes()[:-300])
    with pytest.raises(DataError, match="cut short"):
        import_dataset("mnist", tmp_path / "bad")
    assert {path: Path(path).read_bytes() for path in leftovers(data_home)} == before


@pytest.mark.parametrize("what", ["folder", "file", "absent"])
def test_where_nothing_is_found_the_names_looked_for_are_given(tmp_path: Path, what: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"hello")
    with pytest.raises(DataError, match=r"looked for train-images|cannot be read"):
        import_dataset("mnist", tmp_path / what)


def test_names_that_cannot_be_imported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="comes with ganterm"):
        import_dataset("digits", tmp_path)
    with pytest.raises(ConfigError, match="did you mean mnist"):
        import_dataset("mnits", tmp_path)
