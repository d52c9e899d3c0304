"""Holds unpacking: only wanted entries, to names of our own, within bounds."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from ganterm.core.errors import DataError
from ganterm.data import locate
from ganterm.data.locate import is_archive, unpack


def wanted(name: str) -> str | None:
    return "taken" if name == "wanted.txt" else None


def make_tar(path: Path, entries: list[tuple[str, bytes]], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, body in entries:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return path


def make_zip(
    path: Path, entries: list[tuple[str, bytes]], packed: int = zipfile.ZIP_DEFLATED
) -> Path:
    with zipfile.ZipFile(path, "w", packed) as pack:
        for name, body in entries:
            pack.writestr(name, body)
    return path


def everything_under(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("kind", ["w", "w:gz", "w:bz2", "zip"])
def test_wanted_entries_come_out_and_go_with_the_context(tmp_path: Path, kind: str) -> None:
    entries = [("a/other.txt", b"x" * 700), ("a/b/wanted.txt", b"hello"), ("last", b"y")]
    path = tmp_path / "pack"
    made = make_zip(path, entries) if kind == "zip" else make_tar(path, entries, kind)
    assert is_archive(made)
    with unpack(made, wanted) as taken:
        assert list(taken) == ["taken"]
        assert taken["taken"].read_bytes() == b"hello"
        assert everything_under(taken["taken"].parent) == {"taken"}
    assert not taken["taken"].parent.exists()


@pytest.mark.parametrize(
    "name", ["../wanted.txt", "/etc/wanted.txt", "a/../../wanted.txt", "..\\wanted.txt"]
)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_entries_with_paths_outside_are_left_alone(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / "inner" / "pack"
    path.parent.mkdir()
    entries = [(name, b"evil")]
    made = make_zip(path, entries) if kind == "zip" else make_tar(path, entries)
    before = everything_under(tmp_path)
    with unpack(made, wanted) as taken:
        assert taken == {}
    assert everything_under(tmp_path) == before


def test_links_and_devices_in_a_tar_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "pack.tar"
    with tarfile.open(path, "w") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("wanted.txt")
            info.type = kind
            info.linkname = "/etc/passwd"
            tar.addfile(info)
    with unpack(path, wanted) as taken:
        assert taken == {}


def test_of_two_entries_with_one_name_the_first_counts(tmp_path: Path) -> None:
    made = make_tar(tmp_path / "pack", [("wanted.txt", b"one"), ("b/wanted.txt", b"two")])
    with unpack(made, wanted) as taken:
        assert taken["taken"].read_bytes() == b"one"


@pytest.mark.parametrize("name", ["wanted.txt", "other.txt"])
def test_a_bomb_in_a_tar_is_left_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(locate, "MAX_BYTES", 4 << 20)
    made = make_tar(tmp_path / "pack", [(name, bytes(8 << 20))])
    with pytest.raises(DataError, match="far larger"), unpack(made, wanted):
        pass


def test_a_bomb_in_a_zip_is_left_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "MAX_BYTES", 4 << 20)
    made = make_zip(tmp_path / "pack", [("wanted.txt", bytes(8 << 20))])
    with pytest.raises(DataError, match="far larger"), unpack(made, wanted):
        pass


def test_far_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "MAX_ENTRIES", 5)
    entries = [(f"{number}.txt", b"") for number in range(9)]
    for made in (make_tar(tmp_path / "t", entries), make_zip(tmp_path / "z", entries)):
        with pytest.raises(DataError, match="far larger"), unpack(made, wanted):
            pass


@pytest.mark.parametrize("kind", ["tar", "zip", "lzma"])
def test_a_damaged_archive_is_refused(tmp_path: Path, kind: str) -> None:
    entries = [("wanted.txt", os.urandom(50_000))]
    path = tmp_path / "pack"
    packed = zipfile.ZIP_LZMA if kind == "lzma" else zipfile.ZIP_DEFLATED
    made = make_tar(path, entries, "w") if kind == "tar" else make_zip(path, entries, packed)
    data = bytearray(made.read_bytes())
    if kind == "zip":
        data[10_000:10_100] = bytes(100)
    elif kind == "lzma":
        data[44:49] = b"\xff" * 5
    else:
        del data[20_000:]
    made.write_bytes(data)
    with pytest.raises(DataError, match=r"damaged|cut short"), unpack(made, wanted):
        pass


def test_errors_of_the_one_who_uses_it_pass_through(tmp_path: Path) -> None:
    made = make_zip(tmp_path / "pack", [("wanted.txt", b"hello")])
    with pytest.raises(RuntimeError, match="mine"), unpack(made, wanted):
        raise RuntimeError("mine")


def test_other_files_are_no_archives(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"nothing of the kind" * 100)
    (tmp_path / "empty").touch()
    assert not is_archive(tmp_path / "noise")
    assert not is_archive(tmp_path / "empty")
    assert not is_archive(tmp_path / "absent")
