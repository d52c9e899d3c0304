"""Holds the USPS reader to torchvision's figures, and its refusals."""

import bz2
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from torchvision import datasets

from ganterm.core.errors import DataError
from ganterm.data import usps
from ganterm.data.formats import read_usps
from ganterm.data.streams import open_source
from tests.data.files import usps_bytes


def read(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    with open_source(path) as source:
        return read_usps(source, expected=3)


def test_pixels_and_labels_are_torchvisions(tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, (5, 256))
    path = tmp_path / "usps.bz2"
    path.write_bytes(usps_bytes(values, [1, 10, 3, 4, 5]))
    published = datasets.USPS(str(tmp_path), train=True)
    images, labels = read(path)
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
        read(path)


def test_a_bomb_without_lines_is_left_early(tmp_path: Path) -> None:
    path = tmp_path / "usps.bz2"
    path.write_bytes(bz2.compress(bytes(50 << 20)))
    with pytest.raises(DataError, match="its lines never end"):
        read(path)


def test_a_bomb_of_empty_lines_is_left_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usps, "MAX_BYTES", 1 << 20)
    path = tmp_path / "usps.bz2"
    path.write_bytes(bz2.compress(b"\n" * (2 << 20)))
    with pytest.raises(DataError, match="its lines never end"):
        read(path)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "usps.bz2"
    path.write_bytes(usps_bytes(np.zeros((20, 256)), [1] * 20)[:-9])
    with pytest.raises(DataError, match="cut short"):
        read(path)
