"""Holds pictures that were decoded once: they are what they were, until a file changes."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from ganterm.data import decoded, folder, load
from ganterm.data.folder import load_folder
from ganterm.data.images import ImageSet
from tests.data.files import write_pictures


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded, "KEEP_SECONDS", 0.0)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    where = write_pictures(tmp_path / "pictures", classes=2, count=12)
    (where / "class-0" / "broken.png").write_bytes(b"none")
    (where / "class-0" / "notes.txt").write_text("none either")
    return where


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """List the files that are decoded."""
    seen: list[Path] = []
    decode = folder.decode_or_measure

    def count(path: Path, **shape: object) -> object:
        seen.append(path)
        return decode(path, **shape)  # type: ignore[arg-type]

    monkeypatch.setattr(folder, "decode_or_measure", count)
    return seen


def kept(home: Path) -> list[Path]:
    return sorted((home / "decoded").glob("*"))


def same(one: ImageSet, other: ImageSet) -> bool:
    assert one.labels is not None
    assert other.labels is not None
    return bool(
        torch.equal(one.images, other.images)
        and torch.equal(one.labels, other.labels)
        and (one.name, one.classes, one.notes, one.original, one.crc32)
        == (other.name, other.classes, other.notes, other.original, other.crc32)
    )


def test_pictures_are_decoded_once_for_each_shape(
    pictures: Path, data_home: Path, counted: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_folder(pictures, image_size=8, channels=3)
    assert len(counted) == 13
    assert same(load_folder(pictures, image_size=8, channels=3), first)
    assert len(counted) == 13
    assert load_folder(pictures, image_size=8, channels=1).images.shape == (12, 1, 8, 8)
    assert len(counted) == 26
    assert len(kept(data_home)) == 2
    moved = pictures.rename(pictures.with_name("elsewhere"))
    assert torch.equal(load_folder(moved, image_size=8, channels=3).images, first.images)
    assert len(counted) == 26
    monkeypatch.setattr(decoded, "KEEP_SECONDS", 100.0)
    load_folder(moved, image_size=12, channels=3)
    assert len(kept(data_home)) == 2, "what is quickly decoded is not kept"


def test_each_split_has_its_copy(tmp_path: Path, counted: list[Path]) -> None:
    for split in ("train", "test"):
        write_pictures(tmp_path / "pictures" / split, count=4)
    for split in ("train", "test", "all", "train"):
        load(str(tmp_path / "pictures"), split=split, image_size=8, channels=3)
    assert len(counted) == 8


@pytest.mark.parametrize("change", ["another", "touched", "gone", "new", "renamed", "labelled"])
def test_a_change_of_the_files_is_seen(
    pictures: Path, data_home: Path, counted: list[Path], change: str
) -> None:
    """And the copy of what they were before goes."""
    load_folder(pictures)
    path = pictures / "class-0" / "000.png"
    if change == "another":
        Image.new("RGB", (16, 16)).save(path)
    elif change == "touched":
        os.utime(path, ns=(0, 0))
    elif change == "gone":
        path.unlink()
    elif change == "new":
        shutil.copy(path, path.with_name("000-copy.png"))
    elif change == "renamed":
        path.rename(path.with_name("x.png"))
    else:
        path.rename(pictures / "class-1" / path.name)
    before = len(counted)
    load_folder(pictures)
    assert len(counted) > before
    assert len(kept(data_home)) == 1


@pytest.mark.parametrize("damage", ["cut", "one bit", "empty", "header"])
def test_a_damaged_copy_is_made_anew(
    pictures: Path, data_home: Path, counted: list[Path], damage: str
) -> None:
    first = load_folder(pictures)
    (path,) = kept(data_home)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[:-1]
    elif damage == "one bit":
        data[-1] ^= 1
    elif damage == "empty":
        data.clear()
    else:
        data[20] ^= 255
    path.unlink()  # the first one is mapped into memory
    path.write_bytes(data)
    assert same(load_folder(pictures), first)
    assert len(counted) == 26
    assert same(load_folder(pictures), first)
    assert len(counted) == 26


def test_the_copies_that_were_not_used_for_longest_go(
    tmp_path: Path, data_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded, "MOST_BYTES", 2 * 12 * 3 * 16 * 16 + 100_000)
    folders = [write_pictures(tmp_path / name, count=12) for name in "abc"]
    for number, each in enumerate(folders[:2]):
        load_folder(each)
        os.utime(kept(data_home)[number], (number, number))
    monkeypatch.setattr(decoded, "MOST_BYTES", 2 * 12 * 3 * 16 * 16 + 4_000)
    load_folder(folders[0])
    load_folder(folders[2])
    assert [path.name[:2] for path in kept(data_home)] == ["a-", "c-"]


def test_where_nothing_can_be_kept_it_is_said(
    pictures: Path, data_home: Path, counted: list[Path]
) -> None:
    data_home.write_text("no folder")
    for times in (1, 2):
        loaded = load_folder(pictures)
        assert "They are decoded again at every start: The dataset cannot be" in loaded.notes[-1]
        assert len(counted) == 13 * times
