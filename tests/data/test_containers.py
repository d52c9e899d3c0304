"""Holds pictures in zip and tar archives, read where they are, and labels told by a file."""

import io
import json
import os
import struct
import tarfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from PIL import Image

from ganterm.components.datasets import DATASETS
from ganterm.core.errors import DataError
from ganterm.data import archive as archive_module
from ganterm.data import load
from ganterm.data.archive import Archive
from ganterm.data.catalogue import as_labelled
from ganterm.data.loading import load_for
from ganterm.data.look import resolve_for_data
from ganterm.data.progress import silent
from ganterm.data.store import StoredImages

Files = Mapping[str, bytes]


def png(level: int, size: tuple[int, int] = (8, 8)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (level, 0, 255 - level)).save(file, "PNG")
    return file.getvalue()


PICTURES: Files = {
    "ant/1.png": png(10),
    "ant/deep/2.png": png(20),
    "bee/3.png": png(30),
    "bee/4.png": png(40, (9, 5)),
    "bee/notes.txt": b"no picture",
    "bee/cut.png": png(50)[:40],
    "__MACOSX/ant/._1.png": b"clutter",
    "bee/" + "long" * 40 + ".png": png(60),
}


def as_folder(path: Path, files: Files) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def as_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in reversed(list(files.items())):
            archive.writestr(name, data)
    return path


def as_tar(mode: str, form: int = tarfile.PAX_FORMAT) -> Callable[[Path, Files], Path]:
    def write(path: Path, files: Files) -> Path:
        with tarfile.open(path, mode, format=form) as archive:  # type: ignore[call-overload]
            for name, data in reversed(list(files.items())):
                entry = tarfile.TarInfo(f"./{name}")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        return path

    return write


KINDS: Mapping[str, Callable[[Path, Files], Path]] = {
    "some.zip": as_zip,
    "some.tar": as_tar("w"),
    "some.gnu.tar": as_tar("w", tarfile.GNU_FORMAT),
    "some.tar.gz": as_tar("w:gz"),
    "some.tgz": as_tar("w:gz"),
    "some.tar.bz2": as_tar("w:bz2"),
    "named-otherwise": as_zip,
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_as_good_as_its_folder(tmp_path: Path, kind: str) -> None:
    """The same pictures in the same order, with the same classes and the same words."""
    whole = load(str(as_folder(tmp_path / "some", PICTURES)), image_size=8, channels=3)
    place = str(KINDS[kind](tmp_path / kind, PICTURES))
    before = sorted(tmp_path.rglob("*"))
    found = load(place, image_size=8, channels=3)
    assert sorted(tmp_path.rglob("*")) == before
    assert torch.equal(found.images, whole.images)
    assert found.labels is not None
    assert whole.labels is not None
    assert torch.equal(found.labels, whole.labels)
    assert (found.classes, found.original) == (("ant", "bee"), whole.original)
    assert found.notes == whole.notes
    assert found.name == kind
    assert DATASETS.facts(place).class_names("train") == ("ant", "bee")
    config = resolve_for_data({"dataset": place}).config
    assert (config.channels, config.image_size, config.batch_size) == (3, 8, 4)


@pytest.mark.parametrize("kind", ["some.zip", "some.tar.gz"])
def test_splits_lie_in_archives_too(tmp_path: Path, kind: str) -> None:
    files = {"data/train/a.png": png(1), "data/test/b.png": png(2)}
    inner = {name.removeprefix("data/"): data for name, data in files.items()}
    place = str(KINDS[kind](tmp_path / kind, inner))
    assert [len(load(place, split=split)) for split in ("train", "test", "all")] == [1, 1, 2]


def test_names_that_lead_elsewhere_and_what_is_no_file_do_not_exist(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png(99))
    path = tmp_path / "some.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("good.png", "../secret.png", "a/../../x.png", "/etc/x.png", "good.png"):
            entry = tarfile.TarInfo(name)
            entry.size = len(png(1))
            archive.addfile(entry, io.BytesIO(png(1)))
        for name, kind in (("link.png", tarfile.SYMTYPE), ("pipe.png", tarfile.FIFOTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, str(tmp_path / "secret.png")
            archive.addfile(entry)
    assert len(load(str(path), channels=3)) == 1
    zipped = as_zip(
        tmp_path / "some.zip",
        {"good.png": png(1), "../secret.png": png(2), "C:\\..\\x.png": png(3)},
    )
    assert len(load(str(zipped), channels=3)) == 1


def zip_bomb(path: Path) -> None:
    """Write pictures of 32 MiB in 32 KiB each."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.png", png(1) + bytes(32 << 20))


def tar_bomb(path: Path) -> None:
    as_tar("w:gz")(path, {f"{number}.png": bytes(32 << 20) for number in range(3)})


def long_header(path: Path) -> None:
    """Write an entry whose name takes 64 MiB."""
    entry = tarfile.TarInfo("x")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 64 << 20
    path.write_bytes(entry.tobuf(tarfile.GNU_FORMAT) + b"x" * (64 << 20))


def zip_with(at: int, number: int) -> Callable[[Path], None]:
    """Write a zip with another number in its directory, `at` bytes into its only entry."""

    def write(path: Path) -> None:
        as_zip(path, {"a.png": png(1)})
        data = bytearray(path.read_bytes())
        struct.pack_into("<H", data, data.index(b"PK\x01\x02") + at, number)
        path.write_bytes(data)

    return write


def damaged_lzma(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.png", os.urandom(999))
    data = bytearray(path.read_bytes())
    data[39:44] = b"\xff" * 5
    path.write_bytes(data)


def chained(path: Path) -> None:
    """Write a tar whose only entry has its name told 2,000 times."""
    told = tarfile.TarInfo("x")
    told.type, told.size = tarfile.GNUTYPE_LONGNAME, 2
    path.write_bytes(2_000 * (told.tobuf(tarfile.GNU_FORMAT) + b"a\0" + bytes(510)))


def cut(path: Path) -> None:
    as_tar("w:gz")(path, {f"{number}.png": os.urandom(9000) for number in range(9)})
    path.write_bytes(path.read_bytes()[:40_000])


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (zip_bomb, "unpacks to more than"),
        (tar_bomb, "unpacks to more than"),
        (long_header, "headers without end"),
        (zip_with(8, 1), "is encrypted"),
        (zip_with(8, 1 << 5), "not known here: unpack it yourself"),
        (zip_with(8, 1 << 6), "is encrypted"),
        (zip_with(6, 90), "not known here: unpack it yourself"),
        (zip_with(10, 97), "not known here: unpack it yourself"),
        (damaged_lzma, r"none of its 1 file \(a.png"),
        (chained, "is damaged .*: get it again"),
        (lambda path: as_zip(path, {"a/" * 2000 + "a.png": png(1)}), "2,000 folders deep"),
        (lambda path: as_tar("w")(path, {"a/" * 2000 + "a.png": png(1)}), "2,000 folders deep"),
        (cut, "is cut short"),
        (lambda path: as_zip(path, {"readme.txt": b"x"}), "holds no images"),
    ],
)
def test_what_is_wrong_with_an_archive_is_said(
    tmp_path: Path, write: Callable[[Path], object], said: str
) -> None:
    write(tmp_path / "some")
    with pytest.raises(DataError, match=said):
        load(str(tmp_path / "some"), image_size=8)


def test_far_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MOST_ENTRIES", 3)
    with pytest.raises(DataError, match="more than 3 entries"):
        load(str(as_zip(tmp_path / "some.zip", PICTURES)))


NAMED: Files = {
    "b/img0.png": png(1),
    "b/img1.png": png(2),
    "c/img2.png": png(3),
    "img3.png": png(4),
}
FOLDERS = (("b", "c"), [0, 0, 1])
LABELS = [["b/img0.png", 10], ["b/img1.png", 2], ["c/img2.png", 2], ["img3.png", 10]]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("dataset.json", json.dumps({"labels": LABELS}), (("2", "10"), [1, 0, 0, 1])),
        ("dataset.json", json.dumps({"labels": LABELS[:3]}), (("2", "10"), [1, 0, 0])),
        ("dataset.json", json.dumps({"labels": None}), ((), None)),
        ("dataset.json", "{}", FOLDERS),
        ("dataset.json", '{"info": 3}', FOLDERS),
        ("dataset.json", '{"labels": []}', FOLDERS),
        ("dataset.json", '["b/img0.png"]', FOLDERS),
        (
            "labels.csv",
            "file,label\nb/img0.png,cat\nb/img1.png,ant\nc/img2.png,ant\nimg3.png,cat\n",
            (("ant", "cat"), [1, 0, 0, 1]),
        ),
        ("x.csv", "img0.png,cat\nimg1.png,ant\nimg2.png,ant\n", FOLDERS),
        ("x.csv", "file,size\nimg0.png,8\nimg1.png,8\nimg2.png,9\nimg3.png,9\n", FOLDERS),
        ("x.csv", "file,name\nimg0,a cat\nimg1,an ant\nimg2,a bee\nimg3,a cat\n", FOLDERS),
        ("x.CSV", "id,n,label\nimg0,1,cat\nimg1,2,ant\nimg2,3,ant", (("ant", "cat"), [1, 0, 0])),
        ("X.TSV", "class\tfile\nB\timg0.png\nA\timg1.png\nA\timg2", (("A", "B"), [1, 0, 0])),
        ("x.csv", "name,price\napple,3\npear,4\n", FOLDERS),
        ("x.csv", "\0\xff", FOLDERS),
    ],
)
@pytest.mark.parametrize("write", [as_folder, as_zip, as_tar("w")])
def test_a_file_beside_the_pictures_tells_their_labels(
    tmp_path: Path,
    write: Callable[[Path, Files], Path],
    name: str,
    text: str,
    told: tuple[tuple[str, ...], list[int] | None],
) -> None:
    """What it does not name is left out and said; what is about something else is no labels."""
    classes, labels = told
    place = write(tmp_path / "some", {**NAMED, name: text.encode("latin-1")})
    found = load(str(place), channels=3)
    assert found.classes == classes == DATASETS.facts(str(place)).class_names("train")
    assert (None if found.labels is None else found.labels.tolist()) == labels
    assert len(found) == (4 if labels is None else len(labels))
    left = len(found) < 4
    assert any("img3.png" in note for note in found.notes) == left
    says = f"The classes are those that {name} tells." if classes else f"{name} says that"
    assert any(note.startswith(says) for note in found.notes) == (told != FOLDERS)


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("img0,cat\nimg1,ant\nimg2,ant\nimg3,cat\n", ("ant", "cat")),
        ("img0,2\nimg1,1\n", ("1", "2")),
        ("img0,a cat\nimg1,an ant\nimg2,a bee\nimg3,a fly\n", ()),
        ("file,label\nimg0,a cat\nimg1,an ant\nimg2,a bee\nimg3,a cat\n", ()),
    ],
)
def test_a_table_without_class_folders_needs_no_names(
    tmp_path: Path, text: str, classes: tuple[str, ...]
) -> None:
    """But what hardly two pictures share is a caption, no class."""
    files = {f"img{number}.png": png(number) for number in range(4)}
    place = as_folder(tmp_path / "some", {**files, "x.csv": text.encode()})
    assert load(str(place), channels=3).classes == classes


def test_labels_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    for wrong in ('{"labels": [["a.png", [0.5, 1.0]]]}', '{"labels": 3}', "[" * 100_000, "{"):
        place = as_folder(tmp_path / "some", {"a.png": png(1), "dataset.json": wrong.encode()})
        with pytest.raises(DataError, match="holds no labels as StyleGAN has them"):
            load(str(place))


def test_labels_that_changed_are_read_again(tmp_path: Path) -> None:
    files = {"a.png": png(1), "b.png": png(2)}
    place = as_folder(tmp_path / "some", {**files, "x.csv": b"a,0\nb,1\n"})
    for label in ("0", "1"):
        (place / "x.csv").write_text(f"a,{label}\nb,1\n")
        assert load(str(place)).classes == tuple(sorted({label, "1"}))


def test_an_archive_is_decoded_once(
    tmp_path: Path, data_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganterm.data import decoded  # noqa: PLC0415

    monkeypatch.setattr(decoded, "KEEP_SECONDS", 0.0)
    place = as_zip(tmp_path / "some.zip", PICTURES)
    first = load(str(place), image_size=8)
    (kept,) = (data_home / "decoded").glob("*")
    assert StoredImages(kept).shape == (5, 1, 8, 8)
    os.utime(place, ns=(0, 0))
    assert torch.equal(load(str(place), image_size=8).images, first.images)
    (again,) = (data_home / "decoded").glob("*")
    assert again != kept


def test_an_archive_is_walked_through_no_more_than_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To list it, to look at some of its pictures, and to decode them all."""
    files = {**NAMED, "dataset.json": json.dumps({"labels": LABELS}).encode()}
    place = as_tar("w:gz")(tmp_path / "some.tgz", files)
    os.utime(place, ns=(0, 0))  # what has just changed is not remembered
    walks = []
    walk = Archive._walk

    def count(archive: Archive) -> object:
        walks.append(archive)
        return walk(archive)

    monkeypatch.setattr(Archive, "_walk", count)
    config = as_labelled(resolve_for_data({"dataset": str(place), "recipe": "turbo"})).config
    assert load_for(config).classes == ("2", "10")
    assert len(walks) == 3


def test_an_entry_is_read_in_time_that_grows_with_its_length(tmp_path: Path) -> None:
    """A long one is put together once rather than block by block."""
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.bin", bytes(32 << 20))
    began = time.process_time()
    assert len(Archive(path, silent).read(path / "a.bin", 9)) == 9
    assert time.process_time() - began < 1
