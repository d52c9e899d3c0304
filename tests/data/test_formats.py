"""What IDX files and files of USPS digits hold is read as it is, and nothing else is believed."""

import bz2
import contextlib
import gzip
import hashlib
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchvision import datasets

from ganterm.core.errors import DataError
from ganterm.data import formats
from ganterm.data.formats import open_idx, read_usps
from ganterm.data.streams import open_source
from tests.data.files import idx_bytes, some_images, some_labels, usps_bytes


def read(path: Path, dims: int = 3) -> NDArray[np.uint8]:
    with open_idx(path, dims=dims) as file:
        return np.concatenate(list(file.pieces()))


@pytest.mark.parametrize("packed", [False, True])
def test_what_was_written_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(formats, "PIECE_BYTES", 3 * 64)
    images = some_images(10, side=8)
    data = idx_bytes(images)
    path = tmp_path / "anything"
    path.write_bytes(gzip.compress(data) if packed else data)
    with open_idx(path, dims=3) as file:
        pieces = list(file.pieces())
    assert [len(piece) for piece in pieces] == [3, 3, 3, 1]
    assert np.array_equal(np.concatenate(pieces), images)


def test_the_checksum_is_that_of_the_packed_file(tmp_path: Path) -> None:
    data = gzip.compress(idx_bytes(some_labels(9)), mtime=0)
    path = tmp_path / "labels.gz"
    path.write_bytes(data)
    with open_idx(path, dims=1) as file:
        list(file.pieces())
        md5 = file.source.md5
    assert md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("shape", [(2**32 - 1,) * 3, (10**9, 28, 28), (3, 2**31, 1)])
def test_an_absurd_header_is_refused_before_anything_is_reserved(
    tmp_path: Path, shape: tuple[int, ...], packed: bool
) -> None:
    data = idx_bytes(some_images(2), shape)
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(data) if packed else data)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="cannot hold"):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_is_read_no_further_than_its_header_says(tmp_path: Path) -> None:
    bomb = gzip.compress(idx_bytes(some_images(2)) + bytes(64 << 20), 6)
    path = tmp_path / "images.gz"
    path.write_bytes(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="goes on after the 2 items"):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.999])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_short_is_refused(tmp_path: Path, keep: float, packed: bool) -> None:
    data = idx_bytes(some_images(50))
    data = gzip.compress(data) if packed else data
    path = tmp_path / "images"
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(DataError, match="cut short"):
        read(path)


def test_damage_inside_a_packed_file_is_noticed(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(idx_bytes(np.zeros((50, 28, 28), dtype=np.uint8))))
    data[-6] ^= 0xFF  # in the stored checksum
    path = tmp_path / "images.gz"
    path.write_bytes(data)
    with pytest.raises(DataError, match="damaged"):
        read(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b"\0\0", "not an IDX file"),
        (b"<!DOCTYPE html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS"),
        (b"\x89PNG\r\n", "begins with 89 50 4e 47"),
        (b"\0\0\x0d\x03" + bytes(12), "not an IDX file of bytes"),
        (b"\0\0\x08\x03\0\0", "ends inside its header"),
        (struct.pack(">I3I", 0x803, 0, 28, 28), "is empty"),
        (struct.pack(">I3I", 0x803, 5, 0, 28), "is empty"),
        (struct.pack(">II", 0x801, 3) + b"abc", "holds labels where images are expected"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "images"
    path.write_bytes(data)
    with pytest.raises(DataError, match=words):
        read(path)


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "absent"):
        with pytest.raises(DataError):
            read(tmp_path / name)


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_no_damaged_file_raises_anything_but_data_error(
    tmp_path: Path, data: st.DataObject
) -> None:
    good = idx_bytes(some_images(3, side=4))
    good = data.draw(st.sampled_from([good, gzip.compress(good, mtime=0)]))
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(0, 4))):
        broken[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "images"
    path.write_bytes(broken[: data.draw(st.integers(0, len(good)))])
    with contextlib.suppress(DataError):
        assert read(path).size <= 3 * 16


def read_digits(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    with open_source(path) as source:
        found = read_usps([source], expected=3)
    return np.concatenate(list(found.images)), found.labels


def test_pixels_and_labels_are_torchvisions(tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, (5, 256))
    path = tmp_path / "usps.bz2"
    path.write_bytes(usps_bytes(values, [1, 10, 3, 4, 5]))
    published = datasets.USPS(str(tmp_path), train=True)
    images, labels = read_digits(path)
    assert images.shape == (5, 1, 16, 16)
    assert np.array_equal(images[:, 0], published.data)
    assert (labels - 1).tolist() == list(published.targets)


LINE = bz2.decompress(usps_bytes(np.zeros((1, 256)), [1]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no images"),
        (b"hello world\n", "line 1 is not a label and 256 grey levels"),
        (b"1 1:0.5\n", "line 1 is not"),
        (LINE.replace(b" 7:", b" 8:"), "line 1 is not"),
        (LINE.replace(b" 7:", b" 7.5:"), "line 1 is not"),
        (LINE.replace(b" 7:", b" 7 "), "line 1 is not"),
        (LINE.replace(b" 7:", b" seven:"), "line 1 is not"),
        (LINE.replace(b"\n", b" 257:0\n"), "line 1 is not"),
        (b"1.5" + LINE[1:], "line 1 is not"),
        (b"nan" + LINE[1:], "line 1 is not"),
        (b"inf" + LINE[1:], "line 1 is not"),
        (LINE.replace(b" 7:0.0000", b" 7:1.5"), "not between -1 and 1"),
        (LINE.replace(b" 7:0.0000", b" 7:nan"), "not between -1 and 1"),
        (LINE.replace(b" 7:0.0000", b" 7:-inf"), "not between -1 and 1"),
        (LINE * 2 + b"x", "line 3 is not"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: bytes, words: str) -> None:
    path = tmp_path / "usps.bz2"
    path.write_bytes(bz2.compress(text))
    with pytest.raises(DataError, match=words):
        read_digits(path)


def test_a_bomb_without_lines_is_left_early(tmp_path: Path) -> None:
    path = tmp_path / "usps.bz2"
    path.write_bytes(bz2.compress(bytes(50 << 20)))
    with pytest.raises(DataError, match="its lines never end"):
        read_digits(path)


def test_a_bomb_of_empty_lines_is_left_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "MAX_BYTES", 1 << 20)
    path = tmp_path / "usps.bz2"
    path.write_bytes(bz2.compress(b"\n" * (2 << 20)))
    with pytest.raises(DataError, match="its lines never end"):
        read_digits(path)


def test_digits_cut_short_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "usps.bz2"
    path.write_bytes(usps_bytes(np.zeros((20, 256)), [1] * 20)[:-9])
    with pytest.raises(DataError, match="cut short"):
        read_digits(path)
